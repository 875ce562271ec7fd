import { figure, marks } from './result.ts';
import type { Outcome, Sample } from './result.ts';
import type { Scenario } from './scenarios.ts';

/** Everything a report says. */
export interface Report {
  /** When, where, how: one line each. */
  readonly setting: readonly string[];
  readonly scenarios: readonly Scenario[];
  readonly outcomes: readonly Outcome[];
}

/** The broker that the others are compared with, and the same with `SYNC_FLUSH`. */
export const OWN = 'lmqtt';
export const OWN_SYNC = 'lmqtt-sync';

const count = (value: number): string => Math.round(value).toLocaleString('en-US');
const fixed = (value: number, digits: number): string => value.toFixed(digits);

/** Latency in µs, or in ms from 10 ms on. */
const latency = (us: number): string =>
  us >= 10_000 ? `${fixed(us / 1000, 1)} ms` : `${fixed(us, 0)} µs`;

const memory = (bytes: number): string => `${fixed(bytes / 2 ** 20, 0)} MiB`;

const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;

const HEADER = [
  'scenario',
  'broker',
  'messages/s',
  'lmqtt ÷ broker',
  'CPU µs/message',
  'p50',
  'p99',
  'p99.9',
  'peak memory',
  'bytes/connection',
  'remarks',
];

function cells(scenario: Scenario, sample: Sample): string[] {
  if (scenario.metric === 'memory') {
    return ['', '', '', '', '', memory(sample.peakMemory), count(sample.bytesPerConnection)];
  }
  return [
    count(sample.rate),
    fixed(sample.cpuPerMessage, 2),
    latency(sample.p50),
    latency(sample.p99),
    latency(sample.p999),
    memory(sample.peakMemory),
    '',
  ];
}

/** lmqtt's figure divided by this broker's; for memory and latency less than 1 is better. */
function ratio(scenario: Scenario, own: Outcome | undefined, other: Outcome): string {
  if (own?.median === undefined || other.median === undefined || own === other) return '';
  const divisor = figure(scenario.metric, other.median);
  if (divisor <= 0) return '';
  return `${fixed(figure(scenario.metric, own.median) / divisor, 2)} ×`;
}

function scenarioRows(scenario: Scenario, outcomes: readonly Outcome[]): string[] {
  const own = outcomes.find((outcome) => outcome.peer === OWN);
  return outcomes.map((outcome) => {
    const [rate = '', ...rest] =
      outcome.median === undefined
        ? Array.from({ length: 7 }, () => '')
        : cells(scenario, outcome.median);
    const remarks = marks(scenario, outcome).join(', ');
    return row([
      scenario.name,
      outcome.peer,
      rate,
      ratio(scenario, own, outcome),
      ...rest,
      remarks,
    ]);
  });
}

function syncLine(scenario: Scenario, outcomes: readonly Outcome[]): string[] {
  const pick = (peer: string): number | undefined =>
    outcomes.find((outcome) => outcome.peer === peer)?.median?.rate;
  const [async, sync] = [pick(OWN), pick(OWN_SYNC)];
  if (async === undefined || sync === undefined) return [];
  return [`SYNC_FLUSH ÷ ASYNC_FLUSH in ${scenario.name}: ${fixed(sync / async, 2)}`];
}

/** The report as Markdown. */
export function toMarkdown(report: Report): string {
  const rows: string[] = [];
  const notes: string[] = [];
  const failures: string[] = [];
  for (const scenario of report.scenarios) {
    if (scenario.needsV5) {
      notes.push(`${scenario.name} needs MQTT 5: skipped`);
      continue;
    }
    const outcomes = report.outcomes.filter((outcome) => outcome.scenario === scenario.name);
    rows.push(...scenarioRows(scenario, outcomes));
    notes.push(...syncLine(scenario, outcomes));
    for (const { peer, failures: texts } of outcomes) {
      failures.push(...texts.map((text) => `${scenario.name}, ${peer}: ${text}`));
    }
  }
  const list = (entries: readonly string[]): string => entries.map((x) => `- ${x}`).join('\n');
  const legend = report.scenarios.map((entry) => `${entry.name}: ${entry.title}`);
  return [
    '# Benchmark',
    list(report.setting),
    [row(HEADER), row(HEADER.map(() => '---')), ...rows].join('\n'),
    ...(notes.length > 0 ? [list(notes)] : []),
    ...(failures.length > 0
      ? ['## Failed runs', failures.map((text) => '```\n' + text + '\n```').join('\n\n')]
      : []),
    '## Scenarios',
    list(legend),
    '',
  ].join('\n\n');
}
