import { MIX } from './mix.ts';
import type { GatewayState, PartInterval } from './sample.ts';

/** One row of the table: the state at its end, and what happened since the row before. */
export interface Row {
  /** Seconds since the load began. */
  readonly at: number;
  readonly state: GatewayState;
  readonly stalls: number;
  readonly waitMs: number;
  /** CPU time, percent of one core. */
  readonly cpuPercent: number;
  readonly expired: number;
  readonly tablesWritten: number;
  /** In the order of the mix. */
  readonly parts: readonly PartInterval[];
  /** What a client with a core of its own sees. */
  readonly probe: PartInterval;
}

/** What may grow from the second to the last quarter of the run and still counts as flat, as a factor. */
const FLAT_MEMORY = 1.05;
const FLAT_LATENCY = 1.25;
/** A few messages of an interval decide its p99.9. */
const FLAT_TAIL = 1.5;

const MIB = 2 ** 20;
const mib = (bytes: number): string => (bytes / MIB).toFixed(0);
const ms = (us: number): string => (us / 1000).toFixed(2);

const PAIRS = MIX.findIndex(({ name }) => name === 'pairs');
const pairs = (row: Row): PartInterval => row.parts[PAIRS] as PartInterval;

export function tableOf(rows: readonly Row[]): string[] {
  return [
    '| s | RSS MiB | heap MiB | buffers MiB | probe p50 ms | p99 ms | p99.9 ms | pairs p50 ms | p99 ms | worst p99 of a part, ms | stalls > 20 ms | no core, ms | CPU % | store MiB | tables | tables written | expired |',
    `|${' --- |'.repeat(17)}`,
    ...rows.map((row) => {
      const { state, parts, probe } = row;
      const memory = [state.residentBytes, state.heapBytes, state.externalBytes].map(mib);
      const worst = Math.max(...parts.map(({ p99 }) => p99));
      const probed = [probe.p50, probe.p99, probe.p999].map(ms);
      const latency = [...probed, ms(pairs(row).p50), ms(pairs(row).p99), ms(worst)];
      const loop = [row.stalls, row.waitMs.toFixed(0), row.cpuPercent.toFixed(0)];
      const store = [mib(state.storeBytes), state.tables, row.tablesWritten, row.expired];
      return `| ${[row.at.toFixed(0), ...memory, ...latency, ...loop, ...store].join(' | ')} |`;
    }),
  ];
}

function median(values: readonly number[]): number {
  const ordered = values.toSorted((a, b) => a - b);
  return ordered[Math.floor(ordered.length / 2)] ?? NaN;
}

/** Median of a value in the second and in the last quarter of the rows. */
function quarters(rows: readonly Row[], value: (row: Row) => number): [number, number] {
  const length = Math.floor(rows.length / 4);
  const second = rows.slice(length, 2 * length).map(value);
  const last = rows.slice(rows.length - length).map(value);
  return [median(second), median(last)];
}

function change(
  what: string,
  [second, last]: readonly [number, number],
  flat: number,
  text: (value: number) => string,
): string {
  const factor = last / second;
  const word = factor <= flat ? 'flat' : 'GROWS';
  return `- ${what}: median ${text(second)} in the second quarter, ${text(last)} in the last (× ${factor.toFixed(2)}, at most ${flat}): ${word}`;
}

/** How latency has changed, in lines of text. */
function latencyOf(
  who: string,
  rows: readonly Row[],
  interval: (row: Row) => PartInterval,
): string[] {
  const text = (us: number): string => `${ms(us)} ms`;
  const line = (name: string, value: (interval: PartInterval) => number, flat: number): string =>
    change(
      `${name} of the ${who}`,
      quarters(rows, (row) => value(interval(row))),
      flat,
      text,
    );
  return [
    line('p50', ({ p50 }) => p50, FLAT_LATENCY),
    line('p99', ({ p99 }) => p99, FLAT_LATENCY),
    line('p99.9', ({ p999 }) => p999, FLAT_TAIL),
  ];
}

/** @param faults what the generators found wrong, in words */
export function verdictOf(rows: readonly Row[], faults: readonly string[]): string[] {
  const stalls = rows.reduce((sum, row) => sum + row.stalls, 0);
  const waited = rows.reduce((sum, row) => sum + row.waitMs, 0);
  const expired = rows.reduce((sum, row) => sum + row.expired, 0);
  const tables = rows.reduce((sum, row) => sum + row.tablesWritten, 0);
  const word = stalls === 0 ? 'absent' : 'PRESENT';
  return [
    change(
      'resident memory',
      quarters(rows, ({ state }) => state.residentBytes),
      FLAT_MEMORY,
      (bytes) => `${mib(bytes)} MiB`,
    ),
    ...latencyOf('probe', rows, ({ probe }) => probe),
    ...latencyOf('pairs', rows, pairs),
    `- retention removed ${expired.toLocaleString('en-US')} records; RocksDB wrote ${tables} tables`,
    `- messages lost, repeated, out of order or refused: ${faults.length === 0 ? 'none' : faults.join('; ')}`,
    `- stalls of the event loop over 20 ms: ${stalls}, ${word}; the main thread could run and had no core for ${(waited / 1000).toFixed(1)} s`,
  ];
}
