// Runs every micro benchmark of this folder, one after another:
// node --import=ts-blank-space/register benchmark/micro/run.ts
import { readdirSync } from 'node:fs';

for (const file of readdirSync(import.meta.dirname).sort()) {
  if (!file.endsWith('.bench.ts')) continue;
  process.stdout.write(`\n${file}\n`);
  await import(`./${file}`);
}
