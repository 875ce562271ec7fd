/**
 * Writes the generated files: `conf/*.conf`, `docs/configuration.md`, `docs/metrics.md`, `docs/sys-topics.md`,
 * `docs/mqtt-conformance.md` and `docs/adr/README.md`. With `--check` it writes nothing and fails when one of them is not current,
 * a normative statement of MQTT is cited that does not exist or has no test, a link in a page leads nowhere, or a page names a
 * metric that there is not.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { format } from 'prettier';
import { confFiles } from '../src/cli/config/conf-files.ts';
import { readCoverage } from './conformance/coverage.ts';
import { renderConfFile } from './docs/conf-file.ts';
import { renderConfigurationPage } from './docs/configuration-page.ts';
import { renderDecisionsPage } from './docs/decisions-page.ts';
import { deadLinks } from './docs/dead-links.ts';
import { renderConformancePage } from './docs/conformance-page.ts';
import { renderMetricsPage } from './docs/metrics-page.ts';
import { renderSysTopicsPage } from './docs/sys-topics-page.ts';
import { unknownMetrics } from './docs/unknown-metrics.ts';

const root = join(import.meta.dirname, '..');

const markdown = (page: string): Promise<string> => format(page, { parser: 'markdown' });
const coverage = readCoverage(root);

/** Every page that is read on its own, by its path. */
const pages = new Map<string, string>();
for (const folder of ['.', 'docs', 'docs/adr', 'example', 'benchmark', 'benchmark/mqttload']) {
  for (const name of readdirSync(join(root, folder))) {
    if (!name.endsWith('.md')) continue;
    pages.set(join(folder, name), readFileSync(join(root, folder, name), 'utf8'));
  }
}

function decisions(): Map<string, string> {
  const ofAdr = [...pages].filter(([path]) => /^docs\/adr\/\d+-/.test(path));
  return new Map(ofAdr.map(([path, text]) => [basename(path), text]));
}

const files = new Map([
  ['docs/configuration.md', await markdown(renderConfigurationPage(confFiles))],
  ['docs/metrics.md', await markdown(renderMetricsPage())],
  ['docs/sys-topics.md', await markdown(renderSysTopicsPage())],
  ['docs/adr/README.md', await markdown(renderDecisionsPage(decisions()))],
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
    if (pages.has(name)) pages.set(name, content);
    console.log(`wrote ${name}`);
  }
}

const dead = deadLinks(pages, (path) => existsSync(join(root, path)));
for (const problem of [...dead, ...unknownMetrics(pages)]) {
  console.error(problem);
  if (isCheck) process.exitCode = 1;
}
