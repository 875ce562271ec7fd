/**
 * Writes the generated files: `conf/*.conf`, `docs/configuration.md`, `docs/metrics.md`, `docs/sys-topics.md` and
 * `docs/mqtt-conformance.md`. With `--check` it writes nothing and fails when one of them is not current, or
 * a normative statement of MQTT is cited that does not exist or has no test.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { format } from 'prettier';
import { confFiles } from '../src/cli/config/conf-files.ts';
import { readCoverage } from './conformance/coverage.ts';
import { renderConfFile } from './docs/conf-file.ts';
import { renderConfigurationPage } from './docs/configuration-page.ts';
import { renderConformancePage } from './docs/conformance-page.ts';
import { renderMetricsPage } from './docs/metrics-page.ts';
import { renderSysTopicsPage } from './docs/sys-topics-page.ts';

const root = join(import.meta.dirname, '..');

const markdown = (page: string): Promise<string> => format(page, { parser: 'markdown' });
const coverage = readCoverage(root);
const files = new Map([
  ['docs/configuration.md', await markdown(renderConfigurationPage(confFiles))],
  ['docs/metrics.md', await markdown(renderMetricsPage())],
  ['docs/sys-topics.md', await markdown(renderSysTopicsPage())],
  // Not formatted: with aligned columns every new test would change every line.
  ['docs/mqtt-conformance.md', renderConformancePage(coverage)],
]);
for (const spec of confFiles) files.set(`conf/${spec.name}.conf`, renderConfFile(spec));

const isCheck = process.argv.includes('--check');
for (const problem of coverage.problems()) {
  console.error(problem);
  if (isCheck) process.exitCode = 1;
}
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
