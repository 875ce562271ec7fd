import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { citedIn, type Cited, type Version } from './citation.ts';
import { specifications } from './specifications.ts';
import { bindsServer } from './statement.ts';
import { testCitations } from './test-titles.ts';

export type TestPlace = { readonly path: string; readonly title: string };

/** Where the project cites statements. Paths are relative to its root. */
export class Coverage {
  readonly #source = new Map<string, Set<string>>();
  readonly #tests = new Map<string, TestPlace[]>();
  readonly #unknown = new Set<string>();

  addSource(path: string, text: string): void {
    for (const cited of citedIn(path, text)) {
      if (!this.#isKnown(path, cited)) continue;
      const key = keyOf(cited.version, cited.id);
      const paths = this.#source.get(key) ?? new Set();
      this.#source.set(key, paths.add(path));
    }
  }

  addTest(path: string, text: string): void {
    for (const cited of testCitations(path, text)) {
      if (!this.#isKnown(path, cited)) continue;
      const key = keyOf(cited.version, cited.id);
      const places = this.#tests.get(key) ?? [];
      if (places.some((place) => place.path === path && place.title === cited.title)) continue;
      this.#tests.set(key, [...places, { path, title: cited.title }]);
    }
  }

  sourceOf(version: Version, id: string): readonly string[] {
    return [...(this.#source.get(keyOf(version, id)) ?? [])];
  }

  /** Wire tests, which prove it in bytes, before the others. */
  testsOf(version: Version, id: string): readonly TestPlace[] {
    const rank = ({ path }: TestPlace): number => (path.startsWith('test/wire') ? 0 : 1);
    return (this.#tests.get(keyOf(version, id)) ?? []).toSorted((a, b) => rank(a) - rank(b));
  }

  /** What is wrong: statements that are cited but do not exist, and statements without a test. */
  problems(): string[] {
    const missing = specifications.flatMap(({ version, statements }) =>
      [...statements]
        .filter(([id, statement]) => bindsServer(statement) && !this.#tests.has(keyOf(version, id)))
        .map(([id, { summary }]) => `MQTT ${version} [MQTT-${id}] has no test: ${summary}`),
    );
    return [...this.#unknown, ...missing];
  }

  #isKnown(path: string, { version, id }: Cited): boolean {
    const isKnown = specifications.some((one) => one.version === version && one.statements.has(id));
    if (!isKnown)
      this.#unknown.add(`${path} cites [MQTT-${id}], which MQTT ${version} does not have`);
    return isKnown;
  }
}

/** The citations of the files under `src/` and `test/` of the project at `root`. */
export function readCoverage(root: string): Coverage {
  const coverage = new Coverage();
  for (const path of typescriptFiles(root, 'src')) {
    coverage.addSource(path, readFileSync(join(root, path), 'utf8'));
  }
  for (const path of typescriptFiles(root, 'test')) {
    const text = readFileSync(join(root, path), 'utf8');
    if (text.includes('[MQTT')) coverage.addTest(path, text);
  }
  return coverage;
}

function typescriptFiles(root: string, folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => `${folder}/${name.replaceAll('\\', '/')}`)
    .toSorted();
}

function keyOf(version: Version, id: string): string {
  return `${version} ${id}`;
}
