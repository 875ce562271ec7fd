/**
 * Writes the generated files: `conf/*.conf`, `docs/configuration.md` and `docs/metrics.md`. With `--check`
 * it writes nothing and fails when one of them is not current.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { format } from 'prettier';
import { confFiles } from '../src/cli/config/conf-files.ts';
import { renderConfFile } from './docs/conf-file.ts';
import { renderConfigurationPage } from './docs/configuration-page.ts';
import { renderMetricsPage } from './docs/metrics-page.ts';

const root = join(import.meta.dirname, '..');

const markdown = (page: string): Promise<string> => format(page, { parser: 'markdown' });
const files = new Map([
  ['docs/configuration.md', await markdown(renderConfigurationPage(confFiles))],
  ['docs/metrics.md', await markdown(renderMetricsPage())],
]);
for (const spec of confFiles) files.set(`conf/${spec.name}.conf`, renderConfFile(spec));

const isCheck = process.argv.includes('--check');
for (const [name, content] of files) {
  const path = join(root, name);
  if (existsSync(path) && readFileSync(path, 'utf8') === content) continue;
  if (isCheck) {
    console.error(`${name} is not current: run 'npm run docs'`);
    process.exitCode = 1;
  } else {
    writeFileSync(path, content);
    console.log(`wrote ${name}`);
  }
}
