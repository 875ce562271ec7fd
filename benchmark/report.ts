import { judgeBars } from './bars.ts';
import { OWN, OWN_SYNC } from './broker-names.ts';
import { figure, marks, worst } from './result.ts';
import { toSvg } from './svg.ts';
import type { BarResult } from './bars.ts';
import type { Outcome, Sample } from './result.ts';
import type { Scenario } from './scenarios.ts';

/** Everything a report says. */
export interface Report {
  /** When, where, how: one line each. */
  readonly setting: readonly string[];
  readonly scenarios: readonly Scenario[];
  readonly outcomes: readonly Outcome[];
}

const count = (value: number): string => Math.round(value).toLocaleString('en-US');
const fixed = (value: number, digits: number): string => value.toFixed(digits);

/** Latency in µs, or in ms from 10 ms on. */
const latency = (us: number): string =>
  us >= 10_000 ? `${fixed(us / 1000, 1)} ms` : `${fixed(us, 0)} µs`;

const memory = (bytes: number): string => `${fixed(bytes / 2 ** 20, 0)} MiB`;

const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
const table = (header: readonly string[], rows: readonly string[]): string =>
  [row(header), row(header.map(() => '---')), ...rows].join('\n');
const list = (entries: readonly string[]): string => entries.map((x) => `- ${x}`).join('\n');

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
  'lost',
  'remarks',
];

/** What stands between the broker and the remarks but for the ratio: rate first. */
function cells(scenario: Scenario, outcome: Outcome): string[] {
  const sample = outcome.median;
  if (sample === undefined) return Array.from({ length: 8 }, () => '');
  const lost = count(worst(outcome, (run) => run.lost));
  if (scenario.metric === 'memory') {
    return ['', '', '', '', '', memory(sample.peakMemory), count(sample.bytesPerConnection), ''];
  }
  return [
    count(sample.rate),
    fixed(sample.cpuPerMessage, 2),
    latency(sample.p50),
    latency(sample.p99),
    latency(sample.p999),
    memory(sample.peakMemory),
    '',
    lost,
  ];
}

/** lmqtt's figure divided by this broker's; for memory and latency less than 1 is better. */
function ratio(
  scenario: Scenario,
  own: Outcome | undefined,
  other: Outcome,
  pick: (sample: Sample) => number = (sample) => figure(scenario.metric, sample),
): number | undefined {
  if (own?.median === undefined || other.median === undefined || own === other) return undefined;
  const divisor = pick(other.median);
  return divisor > 0 ? pick(own.median) / divisor : undefined;
}

function scenarioRows(scenario: Scenario, outcomes: readonly Outcome[]): string[] {
  const own = outcomes.find((outcome) => outcome.peer === OWN);
  return outcomes.map((outcome) => {
    const [rate = '', ...rest] = cells(scenario, outcome);
    const times = ratio(scenario, own, outcome);
    return row([
      scenario.name,
      outcome.peer,
      rate,
      times === undefined ? '' : `${fixed(times, 2)} ×`,
      ...rest,
      marks(scenario, outcome).join(', '),
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

function barRow({ scenario, what, sense, bar, goal, value, verdict }: BarResult): string {
  const sign = sense === 'least' ? '≥' : '≤';
  return row([
    scenario,
    what,
    value === undefined ? '' : fixed(value, 2),
    `${sign} ${String(bar)}`,
    goal === undefined ? '' : `${sign} ${String(goal)}`,
    verdict === 'missed' ? 'MISSED' : verdict,
  ]);
}

function barsSection(outcomes: readonly Outcome[]): string[] {
  const results = judgeBars(outcomes);
  if (results.length === 0) return [];
  const measured = results.filter(({ verdict }) => verdict !== 'not measured');
  const met = measured.filter(({ verdict }) => verdict !== 'missed').length;
  const header = ['scenario', 'figure', 'value', 'bar', 'goal', 'verdict'];
  return [
    '## Bars',
    `${String(met)} of ${String(measured.length)} measured bars met.`,
    table(header, results.map(barRow)),
  ];
}

/** The report as Markdown. */
export function toMarkdown(report: Report): string {
  const rows: string[] = [];
  const notes: string[] = [];
  const failures: string[] = [];
  for (const scenario of report.scenarios) {
    const outcomes = report.outcomes.filter((outcome) => outcome.scenario === scenario.name);
    rows.push(...scenarioRows(scenario, outcomes));
    notes.push(...syncLine(scenario, outcomes));
    for (const { peer, failures: texts } of outcomes) {
      failures.push(...texts.map((text) => `${scenario.name}, ${peer}: ${text}`));
    }
  }
  return [
    '# Benchmark',
    list(report.setting),
    table(HEADER, rows),
    ...(notes.length > 0 ? [list(notes)] : []),
    ...barsSection(report.outcomes),
    ...(failures.length > 0
      ? ['## Failed runs', failures.map((text) => '```\n' + text + '\n```').join('\n\n')]
      : []),
    '## Scenarios',
    list(report.scenarios.map((entry) => `${entry.name}: ${entry.title}`)),
    '',
  ].join('\n\n');
}

/** The report as JSON: every sample, the ratios of the medians, and the bars. */
export function toJson(report: Report): string {
  const outcomes = report.scenarios.flatMap((scenario) => {
    const ofScenario = report.outcomes.filter((outcome) => outcome.scenario === scenario.name);
    const own = ofScenario.find((outcome) => outcome.peer === OWN);
    return ofScenario.map((outcome) => ({
      ...outcome,
      lmqttDividedBy: ratio(scenario, own, outcome),
    }));
  });
  const whole = { ...report, outcomes, bars: judgeBars(report.outcomes) };
  return `${JSON.stringify(whole, undefined, 2)}\n`;
}

/** Messages per second of every broker and scenario that is about rates, as a chart. */
export function toChart(report: Report): string {
  const groups = report.scenarios
    .filter(({ metric }) => metric === 'rate' || metric === 'drain')
    .map((scenario) => ({
      title: scenario.name,
      bars: report.outcomes
        .filter((outcome) => outcome.scenario === scenario.name)
        .flatMap(({ peer, median }) =>
          median !== undefined && median.rate > 0 ? [{ name: peer, value: median.rate }] : [],
        ),
    }));
  return toSvg('Messages delivered per second (logarithmic scale)', groups, count);
}
