import { expect } from 'chai';
import { Cluster } from '../../helpers/cluster.ts';
import { isBuildCurrent } from '../../helpers/compiled.ts';
import { Clients, PERSISTENT } from './clients.ts';

/** Longer than the store and the gateway are away, on a busy machine too. */
const LEASE_MS = 60_000;
const FILTERS = ['late/#', 'late/t', '+/t', '$share/group/late/#'];

describe('cluster: a gateway that comes back to a store later than others', function () {
  this.timeout(180_000);
  let cluster: Cluster;
  const clients = new Clients();

  before(async () => {
    cluster = await Cluster.start({ compiled: isBuildCurrent(), leaseMs: LEASE_MS });
  });
  afterEach(() => clients.end());
  after(() => cluster.dispose());

  for (const [kind, options] of [
    ['clean', {}],
    ['stored', PERSISTENT],
  ] as const) {
    it(`gives its clients with ${kind} sessions what was published meanwhile [MQTT-4.5.0-1] [MQTT-4.3.2-4]`, async () => {
      const [early, late] = [cluster.gateway(0), cluster.gateway(1)];
      const subscribers = await Promise.all(
        FILTERS.map((_, index) => clients.connect(late, `${kind}-${String(index)}`, options)),
      );
      for (const [index, filter] of FILTERS.entries()) {
        await subscribers[index]?.mqtt.subscribeAsync(filter, { qos: 2 });
      }
      const publisher = await clients.connect(early, 'publisher');
      await publisher.mqtt.publishAsync('late/t', 'before', { qos: 1 });
      for (const subscriber of subscribers) await subscriber.payloadsOf(1);

      await cluster.store.crash();
      late.pause();
      await cluster.store.start();
      await publisher.mqtt.publishAsync('late/t', 'meanwhile', { qos: 1 });
      await publisher.mqtt.publishAsync('late/t', 'meanwhile too', { qos: 2 });
      late.resume();
      await publisher.mqtt.publishAsync('late/t', 'after', { qos: 2 });
      for (const [index, subscriber] of subscribers.entries()) {
        expect(await subscriber.payloadsOf(4, 30_000), FILTERS[index]).to.deep.equal([
          'before',
          'meanwhile',
          'meanwhile too',
          'after',
        ]);
        expect(subscriber.mqtt.connected).to.equal(true);
      }
    });
  }
});
