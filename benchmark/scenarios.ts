/** What the load generator does in one scenario, and how its result is judged. */
import type { Need } from './peers/peer.ts';

/** Which figure ranks the runs of a scenario: `rate` higher is better, the others lower. */
export type Metric = 'rate' | 'drain' | 'memory' | 'latency';

export interface Scenario {
  readonly name: string;
  readonly title: string;
  readonly options: readonly string[];
  readonly metric: Metric;
  /** A broker may drop messages here without being at fault (QoS 0 flood). */
  readonly mayDrop: boolean;
  /** What a broker must be able to do; one that is not is left out. */
  readonly needs: readonly Need[];
  /** Publishes for a time that `--seconds` may change. */
  readonly isTimed: boolean;
  /** Also run lmqtt with `flushDiskType=SYNC_FLUSH`, for the ratio to `ASYNC_FLUSH`. */
  readonly withSyncFlush: boolean;
  /** The generator is killed after this many seconds and the run counts as failed. */
  readonly limitSeconds: number;
}

interface Traits {
  metric?: Metric;
  mayDrop?: boolean;
  needs?: readonly Need[];
  withSyncFlush?: boolean;
  limitSeconds?: number;
}

/** Four seconds of publishing; the first two are warm-up and not counted. */
const TIMED = '--duration 4 --warmup 2 --drain-timeout 15 --idle-timeout 2';
const OPEN_LOOP =
  '--qos 1 --payload 16 --window 1000 --pubs 10 --subs 10 --spin --duration 6 --warmup 2 --idle-timeout 2';
/** Ten pairs on topics of an ordinary length. */
const PAIRS_V5 = `--proto 5 --qos 1 --payload 64 --window 100 --pubs 10 --subs 10 --topics 10 --topic plant/north/line-7/machine-42/telemetry ${TIMED}`;
const HUNDRED_PAIRS = `--qos 1 --payload 64 --window 20 --pubs 100 --subs 100 ${TIMED}`;

function scenario(name: string, title: string, options: string, traits: Traits = {}): Scenario {
  return {
    name,
    title,
    options: options.split(' '),
    metric: traits.metric ?? 'rate',
    mayDrop: traits.mayDrop ?? false,
    needs: traits.needs ?? [],
    isTimed: options.includes('--duration '),
    withSyncFlush: traits.withSyncFlush ?? false,
    limitSeconds: traits.limitSeconds ?? 60,
  };
}

export const SCENARIOS: readonly Scenario[] = [
  scenario(
    'a16',
    '1 → 1, QoS 0, 16 B, at most 5000 on the way',
    `--qos 0 --payload 16 --window 5000 ${TIMED}`,
  ),
  scenario(
    'a256',
    '1 → 1, QoS 0, 256 B, at most 2000 on the way',
    `--qos 0 --payload 256 --window 2000 ${TIMED}`,
  ),
  scenario(
    'a16f',
    '1 → 1, QoS 0, 16 B, flood (may drop)',
    `--qos 0 --payload 16 --window 0 ${TIMED}`,
    { mayDrop: true },
  ),
  scenario('b', '1 → 1, QoS 1, 16 B, window 100', `--qos 1 --payload 16 --window 100 ${TIMED}`),
  scenario(
    'b256',
    '1 → 1, QoS 1, 256 B, window 100',
    `--qos 1 --payload 256 --window 100 ${TIMED}`,
  ),
  scenario('c', '1 → 1, QoS 2, 16 B, window 100', `--qos 2 --payload 16 --window 100 ${TIMED}`),
  scenario(
    'd',
    '100 → 100 pairwise, QoS 1, window 20',
    `--qos 1 --payload 16 --window 20 --pubs 100 --subs 100 --pattern own ${TIMED}`,
    { withSyncFlush: true },
  ),
  scenario(
    'dp',
    'd with persistent sessions',
    `--qos 1 --payload 16 --window 20 --pubs 100 --subs 100 --pattern own --clean 0 --cleanup ${TIMED}`,
  ),
  scenario(
    'e0',
    'fan-out 1 → 500, QoS 0',
    `--qos 0 --payload 16 --window 100 --pubs 1 --subs 500 --pattern one ${TIMED}`,
  ),
  scenario(
    'e1',
    'fan-out 1 → 500, QoS 1',
    `--qos 1 --payload 16 --window 100 --pubs 1 --subs 500 --pattern one ${TIMED}`,
  ),
  scenario(
    'f0',
    'fan-in 500 → 1, QoS 0',
    `--qos 0 --payload 16 --window 20 --pubs 500 --subs 1 --pattern one ${TIMED}`,
  ),
  scenario(
    'f1',
    'fan-in 500 → 1, QoS 1',
    `--qos 1 --payload 16 --window 20 --pubs 500 --subs 1 --pattern one ${TIMED}`,
  ),
  scenario(
    's1',
    '500 → a shared subscription of 4, QoS 1, MQTT 5',
    `--qos 1 --payload 16 --window 20 --pubs 500 --subs 4 --pattern share --proto 5 ${TIMED}`,
    { needs: ['MQTT 5', 'shared subscriptions'] },
  ),
  scenario(
    'bp',
    'b with a persistent session',
    `--qos 1 --payload 16 --window 100 --clean 0 --cleanup ${TIMED}`,
  ),
  scenario(
    'g',
    '100,000 QoS 1 messages of 256 B queued offline, then drained',
    '--mode drain --qos 1 --payload 256 --window 1000 --messages 100000 --idle-timeout 15 --drain-timeout 120 --cleanup',
    { metric: 'drain', limitSeconds: 300 },
  ),
  scenario('h10', '10,000 idle connections', '--connections 10000 --burst 64 --settle 1 --hold 4', {
    metric: 'memory',
    limitSeconds: 120,
  }),
  scenario(
    'h10s',
    '10,000 idle connections with one subscription each',
    '--connections 10000 --burst 64 --settle 1 --hold 4 --subscribe',
    { metric: 'memory', limitSeconds: 120 },
  ),
  scenario('i1', '10 → 10 QoS 1 at 1,000 messages/s, open loop', `${OPEN_LOOP} --rate 1000`, {
    metric: 'latency',
  }),
  scenario('i10', '10 → 10 QoS 1 at 10,000 messages/s, open loop', `${OPEN_LOOP} --rate 10000`, {
    metric: 'latency',
  }),
  scenario(
    'n10k',
    '10,000 publishers at 1 message/s each → 10, QoS 1, 64 B, open loop',
    `--qos 1 --payload 64 --window 100 --pubs 10000 --subs 10 --rate 10000 --duration 10 --warmup 4 --idle-timeout 2`,
    { metric: 'latency', limitSeconds: 120 },
  ),
  scenario(
    'w',
    'wildcard fan-out 10 → 100 on one + filter each, QoS 1',
    `--qos 1 --payload 64 --window 20 --pubs 10 --subs 100 --pattern wild ${TIMED}`,
  ),
  scenario(
    't100k',
    '100 → 100 pairwise on 100,000 topics, each subscribed by name, QoS 1',
    `--qos 1 --payload 64 --window 20 --pubs 100 --subs 100 --topics 1000 ${TIMED}`,
  ),
  scenario(
    'r',
    '10 → 10 pairwise, every message retained, 10,000 topics in turn, QoS 1',
    `--qos 1 --payload 64 --window 100 --pubs 10 --subs 10 --topics 1000 --retain ${TIMED}`,
  ),
  scenario(
    'rs',
    '20,000 retained messages to each of 10 new subscribers of #, QoS 1',
    '--mode retained --pattern all --qos 1 --payload 64 --window 100 --pubs 10 --subs 10 --topics 2000 --messages 20000 --idle-timeout 10 --drain-timeout 60',
    { metric: 'drain', limitSeconds: 120 },
  ),
  scenario(
    'p5',
    '10 → 10 pairwise, QoS 1, MQTT 5 with expiry, content type, response topic, 3 user properties',
    `${PAIRS_V5} --properties 3`,
    { needs: ['MQTT 5'] },
  ),
  scenario(
    'p5a',
    '10 → 10 pairwise, QoS 1, MQTT 5 with topic aliases in both directions',
    `${PAIRS_V5} --alias 10`,
    { needs: ['MQTT 5'] },
  ),
  scenario('tls', '100 → 100 pairwise, QoS 1, over TLS', `${HUNDRED_PAIRS} --tls`, {
    needs: ['TLS'],
  }),
  scenario('ws', '100 → 100 pairwise, QoS 1, over WebSocket', `${HUNDRED_PAIRS} --ws`, {
    needs: ['WebSocket'],
  }),
];

/** The scenario, publishing for `seconds`, of which the first half is warm-up. */
export function lasting(entry: Scenario, seconds: number | undefined): Scenario {
  if (seconds === undefined || !entry.isTimed) return entry;
  const time = ['--duration', String(seconds), '--warmup', String(seconds / 2)];
  return { ...entry, options: [...entry.options, ...time] };
}

/** Scenarios by name, in the order of the table. Throws on an unknown name. */
export function selectScenarios(names: readonly string[]): Scenario[] {
  const known = new Set(SCENARIOS.map((entry) => entry.name));
  const unknown = names.filter((name) => !known.has(name));
  if (unknown.length > 0) {
    throw new Error(`unknown scenario ${unknown.join(', ')}; known: ${[...known].join(', ')}`);
  }
  return SCENARIOS.filter((entry) => names.length === 0 || names.includes(entry.name));
}
