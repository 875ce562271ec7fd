import { expect } from 'chai';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Broker } from '../helpers/broker.ts';
import { isBuildCurrent } from '../helpers/compiled.ts';
import { eventually } from '../helpers/eventually.ts';
import { Random } from '../helpers/random.ts';
import { disposeBroker, startBroker } from '../helpers/start-broker.ts';
import { CrashPublisher } from './crash-publisher.ts';
import { CrashSubscriber } from './crash-subscriber.ts';
import { CrashWorld } from './crash-world.ts';
import { SharedCheck } from './shared-check.ts';
import { payloadOf } from './stream-check.ts';

const KILLS = Math.ceil(Number(process.env['LMQTT_TEST_KILLS'] ?? 50) / 10);
const MAX_LIFE_MS = 2_000;
const TEST_TIMEOUT_MS = 90_000 + KILLS * 20_000;
const DRAIN_TIMEOUT_MS = 60_000;
/** With so many, commits add little to each of many queues: their index entries are joined later (ADR 801). */
const TOPICS = Array.from({ length: 1500 }, (_, i) => `many/${i % 30}/${i}`);
const FEW = TOPICS.slice(0, 40);
const GROUP = 'group';
/** What a life publishes is a part of it, so that only what everybody has had is cut off. */
const MAX_LOG_BYTES = 20_000_000;
const PADDING = 'x'.repeat(2_500);

describe('crash: many topics, retention and a shared group', () => {
  let broker: Broker;

  before('start the server', async function (this: Mocha.Context) {
    this.timeout(60_000);
    broker = await startBroker({
      compiled: isBuildCurrent(),
      maxInflight: 5_000,
      environment: {
        LMQTT_LMQ_MAX_LOG_BYTES: String(MAX_LOG_BYTES),
        LMQTT_LMQ_RETENTION_INTERVAL_MS: '300',
        LMQTT_LMQ_TAIL_BYTES: String(1024 * 1024),
        LMQTT_LMQ_CACHE_BYTES: String(1024 * 1024),
      },
    });
  });

  after('stop the server', async function (this: Mocha.Context) {
    this.timeout(30_000);
    await disposeBroker(broker);
  });

  it(`loses and reorders nothing, and repeats nothing at QoS 2, over ${KILLS} kills [MQTT-4.3.2-1] [MQTT-4.3.3-1] [MQTT-4.6.0-1]`, async function () {
    this.timeout(TEST_TIMEOUT_MS);
    const world = new CrashWorld(broker, Random.fromEnvironment());
    console.log(`      LMQTT_TEST_SEED=${world.random.seed}`);
    const check = new SharedCheck(GROUP, 2, (text) => {
      world.violation(text);
    });
    const subscribers = [
      new CrashSubscriber(world, 'all-at-2', 2, ['many/#']),
      new CrashSubscriber(world, 'all-at-1', 1, ['many/+/+']),
    ];
    const members = Array.from(
      { length: 2 },
      (_, i) =>
        new CrashSubscriber(world, `member-${i}`, 2, [`$share/${GROUP}/many/#`], (payload, qos) => {
          check.accept(payload.split(' ', 3).join(' '), qos);
        }),
    );
    const everybody = [...subscribers, ...members];
    await eventually('the subscribers are there', () => everybody.every((s) => s.isSubscribed));
    const large = { window: 40, padding: PADDING };
    const publishers = [
      new CrashPublisher(world, 'one', 1, TOPICS, large),
      new CrashPublisher(world, 'two', 2, TOPICS, large),
      new CrashPublisher(world, 'few', 2, FEW, { window: 7, padding: '' }),
    ];
    try {
      for (let i = 0; i < KILLS && world.violations.length === 0; i++)
        await world.crash(MAX_LIFE_MS);
      expect(world.violations).to.deep.equal([]);
      for (const subscriber of everybody) subscriber.stay();
      await eventually(
        'everything is acknowledged',
        () => publishers.map((publisher) => publisher.finish()).every(Boolean),
        DRAIN_TIMEOUT_MS,
      );
      await eventually(
        'everything arrives',
        () => missing(publishers, subscribers, check) === 0 || world.violations.length > 0,
        DRAIN_TIMEOUT_MS,
        100,
      );
      // What comes now would be a repetition.
      await sleep(300);
    } finally {
      for (const one of [...publishers, ...everybody]) one.end();
    }
    const acknowledged = publishers.reduce((sum, publisher) => sum + publisher.acknowledged, 0);
    console.log(`      ${acknowledged} acknowledged, ${check.received} received by the group`);
    expect(world.violations).to.deep.equal([]);
    expect(acknowledged).to.be.above(KILLS);
  });
});

/** How many messages somebody still has to get. */
function missing(
  publishers: readonly CrashPublisher[],
  subscribers: readonly CrashSubscriber[],
  check: SharedCheck,
): number {
  let count = 0;
  for (const { name, sent } of publishers) {
    for (const [topic, last] of sent) {
      for (const { streams } of subscribers) count += last - streams.last(name, topic);
      for (let i = 1; i <= last; i++) if (!check.has(payloadOf(name, topic, i))) count++;
    }
  }
  return count;
}
