/** A micro benchmark: calls a function until the time is over, several times, and keeps the best. */

export interface Case {
  readonly name: string;
  /** Does the work once. */
  readonly run: () => void;
  /** Operations that one call does. */
  readonly operations: number;
}

export interface Comparison {
  readonly title: string;
  readonly own: Case;
  readonly other: Case;
}

/** Operations per second of one side of a comparison. */
export interface Speed {
  readonly name: string;
  readonly rate: number;
}

/** How long each case is measured. */
export interface Effort {
  readonly roundMs: number;
  readonly rounds: number;
}

/** Changed by run-one.ts before a benchmark is loaded. */
export const effort: Effort = { roundMs: 200, rounds: 5 };

/** Own rate ÷ other rate by title: everything that was reported so far. */
export const ratios: Map<string, number> = new Map<string, number>();

const BATCH_MS = 1;

/** Calls per look at the clock: enough for one to cost little. */
function batchOf({ run }: Case): number {
  for (let batch = 1; ; batch *= 2) {
    const start = performance.now();
    for (let call = 0; call < batch; call++) run();
    if (performance.now() - start >= BATCH_MS) return batch;
  }
}

function round({ run, operations }: Case, batch: number): number {
  const start = performance.now();
  const end = start + effort.roundMs;
  let calls = 0;
  let now = start;
  while (now < end) {
    for (let call = 0; call < batch; call++) run();
    calls += batch;
    now = performance.now();
  }
  return (calls * operations * 1000) / (now - start);
}

/** Operations per second, best of several rounds; the cases take turns. */
function measure(cases: readonly Case[]): number[] {
  const best = cases.map(() => 0);
  const batches = cases.map(batchOf);
  for (let i = 0; i < effort.rounds; i++) {
    for (const [index, entry] of cases.entries()) {
      best[index] = Math.max(best[index] ?? 0, round(entry, batches[index] ?? 1));
    }
  }
  return best;
}

const count = (value: number): string => Math.round(value).toLocaleString('en-US').padStart(14);

/** Prints a comparison and keeps its ratio. */
export function conclude(title: string, own: Speed, other: Speed): void {
  const ratio = own.rate / other.rate;
  ratios.set(title, ratio);
  const lines = [
    title,
    `  ${own.name.padEnd(28)}${count(own.rate)} ops/s`,
    `  ${other.name.padEnd(28)}${count(other.rate)} ops/s`,
    `  ratio ${ratio.toPrecision(3)}`,
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
}

/** Measures each comparison and prints operations per second and the ratio. */
export function report(comparisons: readonly Comparison[]): void {
  for (const { title, own, other } of comparisons) {
    const [ownRate = 0, otherRate = 0] = measure([own, other]);
    conclude(title, { name: own.name, rate: ownRate }, { name: other.name, rate: otherRate });
  }
}
