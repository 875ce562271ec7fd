import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { Cluster } from '../helpers/cluster.ts';
import { isBuildCurrent } from '../helpers/compiled.ts';
import { eventually } from '../helpers/eventually.ts';
import { Random } from '../helpers/random.ts';
import { matches } from '../../src/common/topic/topic-filter.ts';
import { Clients, type TestClient } from '../integration/cluster/clients.ts';
import { faultsOf, StreamLoad } from '../integration/cluster/stream-load.ts';

/** Crashes of stores in a run. */
const FAULTS = Number(process.env['LMQTT_TEST_CLEAN_SESSION_FAULTS'] ?? 4);
/** No gateway may count as dead: its clients would have to connect again. */
const LEASE_MS = 120_000;
const MAX_PAUSE_MS = 1_500;
const PACE = { window: 4, pauseMs: 5 };
const FIRST_LEVELS = 6;
/** Of the clients of each gateway; what both use, the one that is back first would keep up for the other. */
const FILTERS = [
  ['#', 'stay0/#', '+/qos1', 'stay1/qos1'],
  ['+/#', 'stay1/#', '+/qos2', 'stay1/qos1'],
];

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
      const load = new StreamLoad();
      const names = Array.from({ length: FIRST_LEVELS }, (_, i) => `stay${String(i)}`);
      for (const [index, gateway] of cluster.gateways.entries()) {
        const own = names.filter((_, i) => i % cluster.gateways.length === index);
        const topics = own.flatMap((name) => [`${name}/qos2`, `${name}/qos1`]);
        await load.start(clients, gateway, topics, PACE);
      }
      for (let i = 0; i < FAULTS; i++) await crash(random);
      await load.end();
      for (const [client, filter] of subscribers) {
        const due = new Map([...load.acknowledged].filter(([topic]) => matches(filter, topic)));
        const total = [...due.values()].reduce((sum, count) => sum + count, 0);
        const hasAll = (): boolean => client.received.length >= total;
        await eventually('all messages', hasAll, 20_000).catch(() => undefined);
        expect(faultsOf(client.received, due), filter).to.deep.equal([]);
        expect(client.received, filter).to.have.lengthOf(total);
        expect(client.mqtt.connected).to.equal(true);
      }
    });
  });
}
