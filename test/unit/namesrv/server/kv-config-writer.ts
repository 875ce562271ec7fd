/**
 * Child process of kv-config-crash.test.ts: puts growing numbers under two keys until it is killed, and
 * prints each number when both are on disk. Argument: the file.
 */
import { writeSync } from 'node:fs';
import { silentLogger } from '../../../../src/common/logger.ts';
import { KvConfigTable } from '../../../../src/namesrv/server/kv-config-table.ts';

const PADDING = 'x'.repeat(300_000);
const [, , file = ''] = process.argv;
const table = new KvConfigTable({ file, logger: silentLogger });
await table.start();
for (let number = Number(table.get('LMQ', 'a')?.split(' ')[0] ?? 0) + 1; ; number++) {
  const value = `${String(number)} ${PADDING}`;
  await Promise.all([table.put('LMQ', 'a', value), table.put('LMQ', 'b', value)]);
  writeSync(1, `${String(number)}\n`);
}
