// Runs every micro benchmark of this folder, one after another: npm run benchmark:micro
import { readdirSync } from 'node:fs';

for (const file of readdirSync(import.meta.dirname).sort()) {
  if (!file.endsWith('.bench.ts')) continue;
  process.stdout.write(`\n${file}\n`);
  await import(`./${file}`);
}
