/**
 * What lmqtt has to reach beside other brokers: the table of issue 4. lmqtt has the RocksDB store and
 * `ASYNC_FLUSH`, the peers are in memory, both unpinned in one run; medians of three runs.
 */
import { OWN, OWN_SYNC } from './broker-names.ts';
import type { Outcome, Sample } from './result.ts';

/** A figure and what it should be. `least`: at or above the bar is good; `most`: at or below it. */
export interface Bar {
  readonly scenario: string;
  readonly what: string;
  readonly sense: 'least' | 'most';
  readonly bar: number;
  readonly goal: number | undefined;
  /** The figure; undefined when the run did not measure it. */
  readonly measure: (outcomes: readonly Outcome[]) => number | undefined;
}

export const VERDICTS = ['not measured', 'missed', 'met', 'goal met'] as const;
export type Verdict = (typeof VERDICTS)[number];

export interface BarResult extends Omit<Bar, 'measure'> {
  readonly value: number | undefined;
  readonly verdict: Verdict;
}

type Pick = (sample: Sample) => number;

function sampleOf(outcomes: readonly Outcome[], scenario: string, peer: string) {
  return outcomes.find((entry) => entry.scenario === scenario && entry.peer === peer)?.median;
}

/** lmqtt's figure divided by the peer's, in one scenario. */
function quotient(scenario: string, own: string, peer: string, pick: Pick): Bar['measure'] {
  return (outcomes) => {
    const mine = sampleOf(outcomes, scenario, own);
    const other = sampleOf(outcomes, scenario, peer);
    if (mine === undefined || other === undefined || pick(other) <= 0) return undefined;
    return pick(mine) / pick(other);
  };
}

const rate: Pick = (sample) => sample.rate;

/** Scenarios, mosquitto's bar, FlashMQ's bar, FlashMQ's goal: rates, lmqtt ÷ peer. */
const RATES: readonly (readonly [string, number, number, number])[] = [
  ['a16 a256', 5, 0.5, 1],
  ['b b256 c', 4, 0.5, 1],
  ['d dp', 5, 0.6, 1],
  ['e0 e1', 12, 0.6, 1.2],
  ['f0 f1 s1', 5, 0.6, 1],
  ['g', 1.5, 0.7, 1],
];

function rateBars(): Bar[] {
  return RATES.flatMap(([names, mosquitto, flashmq, goal]) =>
    names.split(' ').flatMap((scenario): Bar[] => {
      const of = (peer: string, bar: number, best: number | undefined): Bar => ({
        scenario,
        what: `rate ÷ ${peer}`,
        sense: 'least',
        bar,
        goal: best,
        measure: quotient(scenario, OWN, peer, rate),
      });
      return [of('mosquitto', mosquitto, undefined), of('flashmq', flashmq, goal)];
    }),
  );
}

function latencyBars(): Bar[] {
  const percentiles: readonly (readonly [string, Pick])[] = [
    ['p50', (sample) => sample.p50],
    ['p99', (sample) => sample.p99],
  ];
  return ['i1', 'i10'].flatMap((scenario) =>
    percentiles.flatMap(([name, pick]): Bar[] => {
      const of = (peer: string, bar: number, goal: number | undefined): Bar => ({
        scenario,
        what: `${name} ÷ ${peer}`,
        sense: 'most',
        bar,
        goal,
        measure: quotient(scenario, OWN, peer, pick),
      });
      return [of('mosquitto', 2, undefined), of('flashmq', 1, 0.7)];
    }),
  );
}

function memoryBar(scenario: string, bar: number, goal: number | undefined): Bar {
  return {
    scenario,
    what: 'KiB per connection',
    sense: 'most',
    bar,
    goal,
    measure: (outcomes) => {
      const bytes = sampleOf(outcomes, scenario, OWN)?.bytesPerConnection;
      return bytes === undefined ? undefined : bytes / 1024;
    },
  };
}

export const BARS: readonly Bar[] = [
  ...rateBars(),
  ...latencyBars(),
  {
    scenario: 'd',
    what: 'rate with SYNC_FLUSH ÷ with ASYNC_FLUSH',
    sense: 'least',
    bar: 0.8,
    goal: undefined,
    measure: quotient('d', OWN_SYNC, OWN, rate),
  },
  memoryBar('h10', 6.5, 4.5),
  memoryBar('h10s', 7.5, undefined),
];

function judge({ sense, bar, goal }: Bar, value: number | undefined): Verdict {
  if (value === undefined) return 'not measured';
  const reaches = (mark: number): boolean => (sense === 'least' ? value >= mark : value <= mark);
  if (!reaches(bar)) return 'missed';
  return goal !== undefined && reaches(goal) ? 'goal met' : 'met';
}

/** Every bar of the scenarios that ran, in the order of the table. */
export function judgeBars(outcomes: readonly Outcome[]): BarResult[] {
  const ran = new Set(outcomes.map((outcome) => outcome.scenario));
  return BARS.filter(({ scenario }) => ran.has(scenario)).map((bar) => {
    const { measure, ...rest } = bar;
    const value = measure(outcomes);
    return { ...rest, value, verdict: judge(bar, value) };
  });
}
