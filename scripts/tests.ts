/**
 * All tests in two runs of mocha side by side: those within one process, and those that start and kill processes and
 * mostly wait for them. What has failed in either stands once more at the end. The last line is the closing line of
 * both, `N passed, N failed`; fails when one of them has failed or did not come to its end.
 */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { closingLine, type Outcome, outcomeOf } from './tests/closing-line.ts';
import { failureSection } from './tests/failure-list.ts';

const RUNS = [
  ['crash', 'integration', 'interop'],
  ['conformance', 'property', 'unit', 'wire', 'wire5'],
];

const root = join(import.meta.dirname, '..');
const mocha = join(root, 'node_modules/mocha/bin/mocha.js');

interface Run {
  readonly name: string;
  readonly output: string;
  readonly exitCode: number;
}

/** Runs the tests below some directories. What they print is shown at once when `isShown`, and returned. */
function run(directories: readonly string[], isShown: boolean): Promise<Run> {
  const specs = directories.map((directory) => `test/${directory}/**/*.test.ts`);
  const child = spawn(process.execPath, [mocha, ...specs], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const chunks: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    if (isShown) process.stdout.write(chunk);
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => {
      resolve({
        name: directories.join(', '),
        output: Buffer.concat(chunks).toString(),
        exitCode: code ?? 1,
      });
    });
  });
}

const runs = await Promise.all(RUNS.map((directories, index) => run(directories, index === 0)));
for (const { output } of runs.slice(1)) process.stdout.write(output);
process.stdout.write(failureSection(runs));

const outcomes: Outcome[] = [];
for (const { name, output, exitCode } of runs) {
  const outcome = outcomeOf(output);
  if (outcome === undefined) {
    console.error(`the tests of ${name} did not come to their end (exit code ${exitCode})`);
    // A run that has broken off counts as one that has failed.
    outcomes.push({ passed: 0, failed: 1, skipped: 0 });
  } else {
    outcomes.push(outcome);
  }
  if (exitCode !== 0) process.exitCode = 1;
}
if (outcomes.some(({ failed }) => failed > 0)) process.exitCode = 1;
console.log(closingLine(outcomes));
