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

const ROUND_MS = 200;
const ROUNDS = 5;
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
  const end = start + ROUND_MS;
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
  for (let i = 0; i < ROUNDS; i++) {
    for (const [index, entry] of cases.entries()) {
      best[index] = Math.max(best[index] ?? 0, round(entry, batches[index] ?? 1));
    }
  }
  return best;
}

const count = (value: number): string => Math.round(value).toLocaleString('en-US').padStart(14);

/** Measures each comparison and prints operations per second and the ratio. */
export function report(comparisons: readonly Comparison[]): void {
  for (const { title, own, other } of comparisons) {
    const [ownRate = 0, otherRate = 0] = measure([own, other]);
    const lines = [
      title,
      `  ${own.name.padEnd(28)}${count(ownRate)} ops/s`,
      `  ${other.name.padEnd(28)}${count(otherRate)} ops/s`,
      `  ratio ${(ownRate / otherRate).toFixed(1)}`,
    ];
    process.stdout.write(`${lines.join('\n')}\n`);
  }
}
