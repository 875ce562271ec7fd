import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { silentLogger } from '../../../../src/common/logger.ts';
import { KvConfigTable } from '../../../../src/namesrv/server/kv-config-table.ts';
import { makeTempDir, removeTempDir } from '../../../helpers/temp-dir.ts';

const KILLS = 5;
const WRITER = join(import.meta.dirname, 'kv-config-writer.ts');

/** Lets a writer work on the file, kills it a random time after its first write, returns its last number. */
async function writeAndKill(file: string): Promise<number> {
  const child = spawn(process.execPath, ['--import=ts-blank-space/register', WRITER, file], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const closed = once(child, 'close');
  let lastNumber = 0;
  const lines = createInterface({ input: child.stdout });
  const firstLine = once(lines, 'line');
  lines.on('line', (line) => {
    lastNumber = Number(line);
  });
  await Promise.race([firstLine, closed]);
  await sleep(Math.random() * 60);
  child.kill('SIGKILL');
  await closed;
  return lastNumber;
}

describe('KvConfigTable, killed while it writes', function () {
  this.timeout(60_000);

  it('has what it acknowledged, whole, at the next start', async () => {
    const directory = await makeTempDir();
    try {
      const file = join(directory, 'kvConfig.json');
      for (let kill = 0; kill < KILLS; kill++) {
        const acknowledged = await writeAndKill(file);
        expect(acknowledged).to.be.greaterThan(0);
        const table = new KvConfigTable({ file, logger: silentLogger });
        await table.start();
        const value = table.get('LMQ', 'a') ?? '';
        expect(table.get('LMQ', 'b') === value, 'both keys of one write').to.equal(true);
        const number = Number(value.split(' ')[0]);
        expect(value.length).to.equal(String(number).length + 1 + 300_000);
        expect(number).to.be.within(acknowledged, acknowledged + 1);
        await table.stop();
      }
    } finally {
      await removeTempDir(directory);
    }
  });
});
