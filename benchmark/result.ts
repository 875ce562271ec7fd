import type { Metric, Scenario } from './scenarios.ts';

/** What one run of the load generator measured. Times in µs, memory in bytes. */
export interface Sample {
  /** Messages delivered per second; for `drain` scenarios while draining. */
  readonly rate: number;
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
  /** Broker CPU per delivered message, µs. */
  readonly cpuPerMessage: number;
  /** Highest resident memory of the broker. */
  readonly peakMemory: number;
  /** Resident memory per idle connection; 0 in other scenarios. */
  readonly bytesPerConnection: number;
  readonly lost: number;
  readonly duplicates: number;
  readonly outOfOrder: number;
  /** Corrupt or unexpected messages, protocol errors, dropped or refused connections. */
  readonly faults: number;
  /** Nothing moved any more before the time was over. */
  readonly isStuck: boolean;
  /** CPU that neither broker nor generator used, percent of one core. */
  readonly otherCpu: number;
}

/** One broker in one scenario: its median run, and the worst that happened in any run. */
export interface Outcome {
  readonly scenario: string;
  readonly peer: string;
  readonly median: Sample | undefined;
  readonly samples: readonly Sample[];
  /** Why runs gave no sample. */
  readonly failures: readonly string[];
  /** Why the broker had no run in this scenario; undefined when it had. */
  readonly skipped: string | undefined;
}

/** Other load above this makes a run doubtful. */
const QUIET_CPU_PERCENT = 12;

type Json = Readonly<Record<string, unknown>>;

const isJson = (value: unknown): value is Json => typeof value === 'object' && value !== null;

function field(json: Json, name: string): number {
  const value = json[name];
  return typeof value === 'number' ? value : 0;
}

function section(json: Json, name: string): Json {
  const value = json[name];
  return isJson(value) ? value : {};
}

/** The measured values of one line that the load generator printed. Throws when it is not one. */
export function parseSample(line: string): Sample {
  const json: unknown = JSON.parse(line);
  if (!isJson(json) || typeof json['mode'] !== 'string') {
    throw new Error(`not a result of the load generator: ${line}`);
  }
  const latency = section(json, 'lat_us');
  const isDrain = json['mode'] === 'drain';
  const sum = (...names: string[]): number =>
    names.reduce((total, name) => total + field(json, name), 0);
  return {
    rate: field(json, isDrain ? 'drain_rate' : 'deliv_rate'),
    p50: field(latency, 'p50'),
    p99: field(latency, 'p99'),
    p999: field(latency, 'p999'),
    cpuPerMessage: field(json, 'broker_cpu_us_per_msg'),
    peakMemory:
      1024 * Math.max(field(json, 'broker_rss_peak_kb'), field(json, 'broker_rss_held_kb')),
    bytesPerConnection: field(json, 'rss_bytes_per_conn'),
    lost: field(json, 'lost'),
    duplicates: field(json, 'dup'),
    outOfOrder: field(json, 'out_of_order'),
    faults: sum(
      ...['corrupt', 'foreign', 'unexpected', 'protocol_errors', 'nacks', 'disconnects'],
      ...['failed', 'dropped'],
    ),
    isStuck: field(json, 'stuck') !== 0,
    otherCpu: field(section(json, 'machine'), 'other_pct'),
  };
}

/** True when something else used the machine during the run. */
export const isDisturbed = (sample: Sample): boolean => sample.otherCpu > QUIET_CPU_PERCENT;

/** The figure that ranks a run. */
export function figure(metric: Metric, sample: Sample): number {
  if (metric === 'memory') return sample.bytesPerConnection;
  return metric === 'latency' ? sample.p50 : sample.rate;
}

/** The run in the middle by the scenario's figure; the lower one of an even number. */
export function medianSample(metric: Metric, samples: readonly Sample[]): Sample | undefined {
  const ordered = samples.toSorted((a, b) => figure(metric, a) - figure(metric, b));
  return ordered[Math.floor((ordered.length - 1) / 2)];
}

/** The highest value that any run had. */
export const worst = (outcome: Outcome, pick: (sample: Sample) => number): number =>
  Math.max(0, ...outcome.samples.map(pick));

/** What is wrong with an outcome, in words; empty when nothing is. */
export function marks(scenario: Scenario, outcome: Outcome): string[] {
  if (outcome.skipped !== undefined) return [`skipped: ${outcome.skipped}`];
  const found: string[] = [];
  const add = (count: number, what: string): void => {
    if (count > 0) found.push(`${String(count)} ${what}`);
  };
  add(
    worst(outcome, (sample) => sample.lost),
    scenario.mayDrop ? 'dropped' : 'LOST',
  );
  add(
    worst(outcome, (sample) => sample.outOfOrder),
    'OUT OF ORDER',
  );
  add(
    worst(outcome, (sample) => sample.duplicates),
    'DUPLICATE',
  );
  add(
    worst(outcome, (sample) => sample.faults),
    'FAULTS',
  );
  if (outcome.samples.some((sample) => sample.isStuck)) found.push('STUCK');
  if (outcome.failures.length > 0) found.push(`${String(outcome.failures.length)} runs FAILED`);
  const busy = outcome.samples.filter(isDisturbed).length;
  if (busy > 0) found.push(`${String(busy)} disturbed`);
  return found;
}
