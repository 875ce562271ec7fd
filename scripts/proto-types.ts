/**
 * Writes the types of the messages between the nodes: `src/rpc/messages/<part>-v<n>.ts` of each
 * `proto/lmqtt/<part>/v<n>/<part>.proto`. With `--check` it writes nothing and fails when one is not current.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { format, resolveConfig } from 'prettier';
import { renderMessageTypes } from './proto/message-types.ts';

const root = join(import.meta.dirname, '..');
const isCheck = process.argv.includes('--check');
const style = await resolveConfig(join(root, 'src/rpc/proto.ts'));

for (const part of readdirSync(join(root, 'proto/lmqtt')).sort()) {
  for (const version of readdirSync(join(root, 'proto/lmqtt', part)).sort()) {
    const source = `proto/lmqtt/${part}/${version}/${part}.proto`;
    const target = `src/rpc/messages/${part}-${version}.ts`;
    const types = renderMessageTypes(join(root, source), source);
    const content = await format(types, { ...style, parser: 'typescript' });
    if (existsSync(join(root, target)) && readFileSync(join(root, target), 'utf8') === content) {
      continue;
    }
    if (isCheck) {
      console.error(`${target} is not current: run 'npm run proto'`);
      process.exitCode = 1;
    } else {
      writeFileSync(join(root, target), content);
      console.log(`wrote ${target}`);
    }
  }
}
