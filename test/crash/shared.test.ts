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
import { SharedCheck } from './shared-check.ts';
import { payloadOf } from './stream-check.ts';

const KILLS = Math.ceil(Number(process.env['LMQTT_TEST_KILLS'] ?? 50) / 2);
const MAX_LIFE_MS = 300;
const TEST_TIMEOUT_MS = 60_000 + KILLS * 10_000;
const DRAIN_TIMEOUT_MS = 60_000;
const TOPICS = ['crash/a', 'crash/b', 'crash/c/d'];
const MEMBERS = 3;

describe('crash: shared subscriptions', () => {
  let broker: Broker;

  brokerOfSuite({ compiled: isBuildCurrent() }, (started) => {
    broker = started;
  });

  it(`the members of a group together get everything, QoS 2 once, over ${KILLS} kills [MQTT-4.8.2-4]`, async function () {
    this.timeout(TEST_TIMEOUT_MS);
    const world = new CrashWorld(broker, Random.fromEnvironment());
    console.log(`      LMQTT_TEST_SEED=${world.random.seed}`);
    const checks = ([1, 2] as const).map(
      (qos) => new SharedCheck(`group at QoS ${qos}`, qos, (text) => world.violation(text)),
    );
    const members = checks.flatMap((check, i) => group(world, check, i === 0 ? 1 : 2));
    await eventually('the members are there', () => members.every((one) => one.isSubscribed));
    const publishers = [
      new CrashPublisher(world, 'one', 1, TOPICS),
      new CrashPublisher(world, 'two', 2, TOPICS),
    ];
    try {
      for (let i = 0; i < KILLS && world.violations.length === 0; i++)
        await world.crash(MAX_LIFE_MS);
      expect(world.violations).to.deep.equal([]);
      for (const member of members) member.stay();
      await eventually(
        'everything is acknowledged',
        () => publishers.map((publisher) => publisher.finish()).every(Boolean),
        DRAIN_TIMEOUT_MS,
      );
      for (const check of checks) await complete(check, publishers);
      // What comes now would be a repetition.
      await sleep(300);
    } finally {
      for (const client of [...publishers, ...members]) client.end();
    }
    for (const [i, { received, repeated }] of checks.entries())
      console.log(`      group at QoS ${i + 1}: ${received} received, ${repeated} repeated`);
    expect(world.violations).to.deep.equal([]);
    for (const { received } of checks) expect(received).to.be.above(KILLS);
  });
});

function group(world: CrashWorld, check: SharedCheck, qos: 1 | 2): CrashSubscriber[] {
  return Array.from({ length: MEMBERS }, (_, i) => {
    const filters = [`$share/at${qos}/crash/#`];
    return new CrashSubscriber(world, `member-${qos}-${i}`, qos, filters, (payload, messageQos) => {
      check.accept(payload, messageQos);
    });
  });
}

async function complete(check: SharedCheck, publishers: readonly CrashPublisher[]): Promise<void> {
  const missing = (): string[] =>
    publishers.flatMap(({ name, sent }) =>
      [...sent].flatMap(([topic, count]) =>
        Array.from({ length: count }, (_, i) => payloadOf(name, topic, i + 1)).filter(
          (payload) => !check.has(payload),
        ),
      ),
    );
  try {
    await eventually('all messages arrive', () => missing().length === 0, DRAIN_TIMEOUT_MS, 50);
  } catch (error) {
    const lost = missing();
    const shown = lost.slice(0, 5).join(', ');
    throw new Error(`${lost.length} messages are lost, ${shown} among them`, { cause: error });
  }
}
