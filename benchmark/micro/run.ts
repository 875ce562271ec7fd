// npm run benchmark:micro -- [--check | --update] [file…]
// Runs the micro benchmarks of this folder, each in a process of its own. --check: those of baseline.json alone,
// quickly; fails when a ratio fell below half of it. --update: writes baseline.json anew.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { describeShortfall, parseBaseline, shortfalls } from './baseline.ts';
import type { Baseline } from './baseline.ts';
import type { Effort } from './measure.ts';

const BASELINE = join(import.meta.dirname, 'baseline.json');
const CHILD = join(import.meta.dirname, 'run-one.ts');
const THOROUGH: Effort = { roundMs: 200, rounds: 5 };
/** The first look is short; what seems too slow gets more time before it counts. */
const QUICK: Effort = { roundMs: 25, rounds: 3 };
const PATIENT: Effort = { roundMs: 100, rounds: 7 };

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    check: { type: 'boolean', default: false },
    update: { type: 'boolean', default: false },
  },
});

/** Runs one file; ratios by title. Throws when it fails. */
function measureFile(file: string, { roundMs, rounds }: Effort): Map<string, number> {
  process.stdout.write(`\n${file}\n`);
  const folder = mkdtempSync(join(tmpdir(), 'lmqtt-micro-'));
  const result = join(folder, 'ratios.json');
  const args = [CHILD, file, String(roundMs), String(rounds), result];
  try {
    execFileSync(process.execPath, ['--import=ts-blank-space/register', ...args], {
      stdio: 'inherit',
    });
    return new Map(JSON.parse(readFileSync(result, 'utf8')) as [string, number][]);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function check(baseline: Baseline): void {
  const found: string[] = [];
  for (const file of Object.keys(baseline)) {
    if (shortfalls(baseline, file, measureFile(file, QUICK)).length === 0) continue;
    const slow = shortfalls(baseline, file, measureFile(file, PATIENT));
    found.push(...slow.map(describeShortfall));
  }
  const verdict =
    found.length === 0 ? 'no ratio fell below half of its baseline' : found.join('\n');
  process.stdout.write(`\n${verdict}\n`);
  if (found.length > 0) process.exitCode = 1;
}

function update(files: readonly string[]): void {
  const baseline: Record<string, Record<string, number>> = {};
  for (const file of files) {
    const measured = [...measureFile(file, THOROUGH)];
    baseline[file] = Object.fromEntries(
      measured.map(([title, ratio]) => [title, Number(ratio.toPrecision(2))]),
    );
  }
  writeFileSync(BASELINE, `${JSON.stringify(baseline, undefined, 2)}\n`);
}

const all = readdirSync(import.meta.dirname)
  .filter((file) => file.endsWith('.bench.ts'))
  .sort();
const chosen = positionals.length === 0 ? all : positionals;
if (values.check) check(parseBaseline(readFileSync(BASELINE, 'utf8')));
else if (values.update) update(chosen);
else for (const file of chosen) measureFile(file, THOROUGH);
