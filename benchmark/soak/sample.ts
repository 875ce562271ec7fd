import { readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { HOST } from '../ready.ts';

/** What the gateway and its directory looked like at one moment. */
export interface GatewayState {
  readonly residentBytes: number;
  readonly heapBytes: number;
  /** Buffers outside the JavaScript heap. */
  readonly externalBytes: number;
  /** Stalls of the event loop over 20 ms since the start. */
  readonly stalls: number;
  /** Time that the main thread could run and had no core since the start, ms. */
  readonly waitMs: number;
  /** CPU time of the process since the start, s. */
  readonly cpuSeconds: number;
  /** Size of the store's files. */
  readonly storeBytes: number;
  /** Table files that RocksDB has written since the store was made, by flushes and compactions. */
  readonly tablesWritten: number;
  /** Table files there are. */
  readonly tables: number;
  /** Records removed by retention since the start. */
  readonly expired: number;
}

/** What a part of the mix reported for one interval. */
export interface PartInterval {
  readonly delivered: number;
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
}

/** A generator that writes its lines into a file. */
export interface Logged {
  readonly logFile: string;
}

/** What counts for a generator that has not reported yet. */
export const NOTHING: PartInterval = { delivered: 0, p50: NaN, p99: NaN, p999: NaN, max: NaN };

const TABLE_FILE = /^(\d+)\.sst$/;

const ATTEMPTS = 10;

/** The text that Prometheus reads. A busy machine may be too slow for a connection now and then. */
async function fetchMetrics(port: number): Promise<string> {
  for (let attempt = 1; ; attempt++) {
    try {
      const response = await fetch(`http://${HOST}:${String(port)}/metrics`);
      if (!response.ok) throw new Error(`metrics: HTTP ${String(response.status)}`);
      return await response.text();
    } catch (error) {
      if (attempt === ATTEMPTS) throw error;
      await sleep(1000);
    }
  }
}

/** Values of metrics without labels. */
async function readMetrics(port: number): Promise<(name: string) => number> {
  const values = new Map<string, number>();
  for (const line of (await fetchMetrics(port)).split('\n')) {
    const [name = '', value = ''] = line.split(' ');
    if (name !== '' && !name.startsWith('#')) values.set(name, Number(value));
  }
  return (name) => {
    const value = values.get(name);
    if (value === undefined) throw new Error(`no metric ${name}`);
    return value;
  };
}

/** Files of the store; one that a compaction removes meanwhile counts nothing. */
function readStore(
  directory: string,
): Pick<GatewayState, 'storeBytes' | 'tables' | 'tablesWritten'> {
  let storeBytes = 0;
  let tables = 0;
  let tablesWritten = 0;
  for (const name of readdirSync(directory)) {
    storeBytes += statSync(join(directory, name), { throwIfNoEntry: false })?.size ?? 0;
    const number = TABLE_FILE.exec(name)?.[1];
    if (number === undefined) continue;
    tables++;
    tablesWritten = Math.max(tablesWritten, Number(number));
  }
  return { storeBytes, tables, tablesWritten };
}

/** Time in the run queue of the process's main thread, ms; 0 where the kernel does not tell. */
function readWait(pid: number): number {
  const text = readFileSync(`/proc/${String(pid)}/task/${String(pid)}/schedstat`, 'utf8');
  return Number(text.split(' ')[1] ?? 0) / 1e6;
}

/** @param storeDirectory directory of the RocksDB files */
export async function readGateway(
  metricsPort: number,
  pid: number,
  storeDirectory: string,
): Promise<GatewayState> {
  const metric = await readMetrics(metricsPort);
  return {
    residentBytes: metric('process_resident_memory_bytes'),
    heapBytes: metric('nodejs_heap_size_used_bytes'),
    externalBytes: metric('nodejs_external_memory_bytes'),
    stalls: metric('lmqtt_event_loop_stalls_total'),
    waitMs: readWait(pid),
    cpuSeconds: metric('process_cpu_seconds_total'),
    expired: metric('lmqtt_store_records_expired_total'),
    ...readStore(storeDirectory),
  };
}

/** Lines of JSON that the generator has written so far; what else is in the log is left out. */
function jsonLines(logFile: string): Record<string, unknown>[] {
  const lines = readFileSync(logFile, 'utf8').split('\n');
  // The last one may be half written.
  const whole = lines.slice(0, -1).filter((line) => line.startsWith('{'));
  return whole.map((line) => JSON.parse(line) as Record<string, unknown>);
}

/** The newest interval that a part has reported; undefined before the first. */
export function lastInterval({ logFile }: Logged): PartInterval | undefined {
  const line = jsonLines(logFile).findLast((entry) => entry['mode'] === 'interval');
  if (line === undefined) return undefined;
  const latency = line['lat_us'] as Record<string, number>;
  const { p50 = NaN, p99 = NaN, p999 = NaN, max = NaN } = latency;
  return { delivered: Number(line['delivered']), p50, p99, p999, max };
}

/** The line of a part that has ended: what was lost and went wrong. */
export function finalLine({ logFile }: Logged): string | undefined {
  const line = jsonLines(logFile).findLast((entry) => entry['mode'] === 'load');
  return line === undefined ? undefined : JSON.stringify(line);
}
