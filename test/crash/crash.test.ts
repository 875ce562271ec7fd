import { expect } from 'chai';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Broker } from '../helpers/broker.ts';
import { isBuildCurrent } from '../helpers/compiled.ts';
import { eventually } from '../helpers/eventually.ts';
import { Random } from '../helpers/random.ts';
import { brokerOfSuite } from '../helpers/start-broker.ts';
import { CrashPublisher } from './crash-publisher.ts';
import { CrashSubscriber } from './crash-subscriber.ts';
import { CrashWorld } from './crash-world.ts';

const KILLS = Number(process.env['LMQTT_TEST_KILLS'] ?? 50);
const MAX_LIFE_MS = 300;
const TEST_TIMEOUT_MS = 60_000 + KILLS * 10_000;
const DRAIN_TIMEOUT_MS = 60_000;
const TOPICS = ['crash/a', 'crash/b', 'crash/c/d'];
/** Reaches the first subscriber without a subscription; mosquitto delivers it by the wildcard. */
const PEER = 'all-at-2';
const PEER_TOPIC = `crash/p2p/${PEER}`;

describe('crash: SIGKILL at random moments', () => {
  let broker: Broker;

  brokerOfSuite({ compiled: isBuildCurrent() }, (started) => {
    broker = started;
  });

  it(`loses, reorders and repeats nothing over ${KILLS} kills [MQTT-4.3.2-1] [MQTT-4.3.3-1] [MQTT-4.4.0-1] [MQTT-4.6.0-1]`, async function () {
    this.timeout(TEST_TIMEOUT_MS);
    const world = new CrashWorld(broker, Random.fromEnvironment());
    console.log(`      LMQTT_TEST_SEED=${world.random.seed}`);
    const subscribers = [
      new CrashSubscriber(world, PEER, 2, ['crash/#']),
      new CrashSubscriber(world, 'exact-at-2', 2, ['crash/a', 'crash/c/d', 'crash/b']),
      new CrashSubscriber(world, 'all-at-1', 1, ['+/a', '+/b', '+/c/#']),
    ];
    await eventually('the subscribers are there', () => subscribers.every((s) => s.isSubscribed));
    const publishers = [
      new CrashPublisher(world, 'one-a', 1, [...TOPICS, PEER_TOPIC]),
      new CrashPublisher(world, 'two-a', 2, [...TOPICS, PEER_TOPIC]),
      new CrashPublisher(world, 'one-b', 1, TOPICS),
      new CrashPublisher(world, 'two-b', 2, TOPICS),
    ];
    const clients = [...publishers, ...subscribers];
    try {
      for (let i = 0; i < KILLS && world.violations.length === 0; i++)
        await world.crash(MAX_LIFE_MS);
      expect(world.violations).to.deep.equal([]);
      for (const subscriber of subscribers) subscriber.stay();
      await eventually(
        'everything is acknowledged',
        () => publishers.map((publisher) => publisher.finish()).every(Boolean),
        DRAIN_TIMEOUT_MS,
      );
      await drained(publishers, subscribers);
      // What comes now would be a repetition, which the streams note.
      await sleep(300);
    } finally {
      for (const client of clients) client.end();
    }
    report(publishers, subscribers);
    expect(world.violations).to.deep.equal([]);
    for (const publisher of publishers) expect(publisher.acknowledged).to.be.above(KILLS);
  });
});

/** What a subscriber still misses, in words; empty when it has everything. */
function missing(publishers: readonly CrashPublisher[], subscriber: CrashSubscriber): string[] {
  return publishers.flatMap((publisher) =>
    [...publisher.sent]
      .filter(([topic]) => topic !== PEER_TOPIC || subscriber.name === PEER)
      .filter(([topic, count]) => subscriber.streams.last(publisher.name, topic) < count)
      .map(([topic, count]) => {
        const last = subscriber.streams.last(publisher.name, topic);
        return `${subscriber.name} has ${last} of ${count} of ${publisher.name} ${topic}`;
      }),
  );
}

async function drained(
  publishers: readonly CrashPublisher[],
  subscribers: readonly CrashSubscriber[],
): Promise<void> {
  const all = (): string[] => subscribers.flatMap((subscriber) => missing(publishers, subscriber));
  try {
    await eventually('all messages arrive', () => all().length === 0, DRAIN_TIMEOUT_MS, 50);
  } catch (error) {
    throw new Error(`messages are lost: ${all().join('; ')}`, { cause: error });
  }
}

function report(
  publishers: readonly CrashPublisher[],
  subscribers: readonly CrashSubscriber[],
): void {
  const sent = publishers.reduce((sum, publisher) => sum + publisher.acknowledged, 0);
  console.log(`      ${sent} messages acknowledged`);
  for (const { name, streams, connections } of subscribers) {
    console.log(
      `      ${name}: ${streams.received} received, ${streams.repeated} repeated, ${connections} connections`,
    );
  }
}
