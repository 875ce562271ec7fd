import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { Cluster } from '../helpers/cluster.ts';
import { isBuildCurrent } from '../helpers/compiled.ts';
import { eventually } from '../helpers/eventually.ts';
import { Random } from '../helpers/random.ts';
import { Clients, type TestClient } from '../integration/cluster/clients.ts';

/** Crashes of stores in a run. */
const FAULTS = Number(process.env['LMQTT_TEST_CLEAN_SESSION_FAULTS'] ?? 4);
/** No gateway may count as dead: its clients would have to connect again. */
const LEASE_MS = 120_000;
const MAX_PAUSE_MS = 1_500;
const WINDOW = 4;
const FIRST_LEVELS = 6;
/** Of the clients of each gateway; what both use, the one that is back first would keep up for the other. */
const FILTERS = [
  ['#', 'stay0/#', '+/qos1', 'stay1/qos1'],
  ['+/#', 'stay1/#', '+/qos2', 'stay1/qos1'],
];

/** Publishes numbers to one topic, one after the other, until it is told to end. */
class Stream {
  readonly topic: string;
  readonly #publisher: TestClient;
  readonly #qos: 1 | 2;
  count = 0;
  #isEnding = false;
  readonly #loops: Promise<void>[];

  constructor(publisher: TestClient, topic: string, qos: 1 | 2) {
    this.#publisher = publisher;
    this.topic = topic;
    this.#qos = qos;
    this.#loops = Array.from({ length: WINDOW }, () => this.#publish());
  }

  /** Resolves when everything is acknowledged. */
  async end(): Promise<void> {
    this.#isEnding = true;
    await Promise.all(this.#loops);
  }

  async #publish(): Promise<void> {
    while (!this.#isEnding) {
      await this.#publisher.mqtt.publishAsync(this.topic, String(this.count++), {
        qos: this.#qos,
      });
      await sleep(5);
    }
  }
}

function matches(filter: string, topic: string): boolean {
  if (filter === '#') return true;
  const [first, second] = filter.split('/');
  const [firstLevel, secondLevel] = topic.split('/');
  return (first === '+' || first === firstLevel) && (second === '#' || second === secondLevel);
}

for (const stores of [1, 2]) {
  describe(`crash: clients with clean sessions that stay connected, ${String(stores)} store(s)`, function () {
    this.timeout(120_000 + FAULTS * 60_000);
    let cluster: Cluster;
    const clients = new Clients();

    before(async () => {
      cluster = await Cluster.start({ compiled: isBuildCurrent(), leaseMs: LEASE_MS, stores });
    });
    after(async () => {
      await clients.end();
      await cluster.dispose();
    });

    /** A store dies, and one gateway comes back to it later than the other, or finds it paused. */
    async function crash(random: Random): Promise<void> {
      const store = random.pick(cluster.stores);
      const late = random.pick(cluster.gateways);
      await sleep(random.below(200));
      if (random.chance(0.5)) late.pause();
      await store.crash();
      await sleep(random.below(200));
      if (random.chance(0.5)) late.pause();
      await store.start();
      await sleep(random.below(MAX_PAUSE_MS));
      late.resume();
      await sleep(random.below(500));
    }

    it(`get every acknowledged message once and in order over ${String(FAULTS)} crashes [MQTT-4.3.2-4] [MQTT-4.3.3-8] [MQTT-4.6.0-6]`, async () => {
      const random = Random.fromEnvironment();
      console.log(`      LMQTT_TEST_SEED=${String(random.seed)}`);
      const subscribers = new Map<TestClient, string>();
      for (const [index, gateway] of cluster.gateways.entries()) {
        for (const filter of FILTERS[index] ?? []) {
          const client = await clients.connect(gateway, `sub ${String(index)} ${filter}`);
          await client.mqtt.subscribeAsync(filter, { qos: 2 });
          subscribers.set(client, filter);
        }
      }
      const streams: Stream[] = [];
      for (let i = 0; i < FIRST_LEVELS; i++) {
        const name = `stay${String(i)}`;
        const publisher = await clients.connect(cluster.gateway(i % 2), name);
        streams.push(new Stream(publisher, `${name}/qos1`, 1));
        streams.push(new Stream(publisher, `${name}/qos2`, 2));
      }
      for (let i = 0; i < FAULTS; i++) await crash(random);
      await Promise.all(streams.map((stream) => stream.end()));
      for (const [client, filter] of subscribers) {
        for (const { topic, count } of streams) {
          const numbers = (): number[] =>
            client.received.filter((m) => m.topic === topic).map(({ payload }) => Number(payload));
          const expected = matches(filter, topic) ? Array.from({ length: count }, (_, i) => i) : [];
          await eventually('all', () => numbers().length >= expected.length, 20_000).catch(
            () => undefined,
          );
          expect(numbers(), `${client.mqtt.options.clientId ?? ''}: ${topic}`).to.deep.equal(
            expected,
          );
        }
        expect(client.mqtt.connected).to.equal(true);
      }
    });
  });
}
