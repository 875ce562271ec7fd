/** What may stand at the top of the repository. A new name is a decision: it is added here. */
const TOP_LEVEL: ReadonlySet<string> = new Set([
  '.c8rc.json',
  '.ci',
  '.dependency-cruiser.cjs',
  '.dockerignore',
  '.gitignore',
  '.mocharc.json',
  '.npmrc',
  '.prettierignore',
  '.prettierrc.json',
  'CHANGELOG.md',
  'CONTRIBUTING.md',
  'LICENSE',
  'README.md',
  'benchmark',
  'bin',
  'conf',
  'deploy',
  'docs',
  'eslint.config.js',
  'example',
  'package-lock.json',
  'package.json',
  'proto',
  'scripts',
  'src',
  'test',
  'tsconfig.build.json',
  'tsconfig.json',
]);

/** What a run leaves behind, by the name of the file: logs, profiles, dumps and reports of Node.js, and core files. */
const LEFT_BY_A_RUN =
  /\.(?:log|cpuprofile|heapprofile|heapsnapshot)$|^core(?:\.\d+)?$|^report\.[\d.]+\.json$/;

/** A tracked file that should not be, and why. */
export interface Misplaced {
  readonly path: string;
  readonly reason: string;
}

/** Those of `paths`, from the root of the repository with `/` between the parts, that have no place in it. */
export function misplaced(paths: readonly string[]): Misplaced[] {
  return paths.flatMap((path) => {
    const reason = reasonAgainst(path);
    return reason === undefined ? [] : [{ path, reason }];
  });
}

function reasonAgainst(path: string): string | undefined {
  const parts = path.split('/');
  const top = parts[0] ?? '';
  if (LEFT_BY_A_RUN.test(parts.at(-1) ?? '')) return 'left behind by a run: remove it';
  if (TOP_LEVEL.has(top)) return undefined;
  return `no place for it at the top: remove it, or add ${top} to scripts/tracked-files/misplaced.ts`;
}
