import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { Cluster } from '../../helpers/cluster.ts';
import { isBuildCurrent } from '../../helpers/compiled.ts';
import { eventually } from '../../helpers/eventually.ts';
import { Clients, PERSISTENT } from './clients.ts';
import { Placement, tableOf } from './placement.ts';

const AWAY = 1;
const THERE = 0;

describe('cluster: one of two stores is down', function () {
  this.timeout(300_000);
  let cluster: Cluster;
  let placement: Placement;
  const clients = new Clients();

  before(async () => {
    cluster = await Cluster.start({ compiled: isBuildCurrent(), stores: 2, leaseMs: 10_000 });
    placement = new Placement(tableOf(cluster));
  });
  afterEach(() => clients.end());
  after(() => cluster.dispose());

  it('only what lies in it waits, and goes on when it is back', async () => {
    const [there, away] = [placement.topic(THERE, 'down/'), placement.topic(AWAY, 'down/')];
    const [homeThere, homeAway] = [
      await clients.connect(cluster.gateway(1), placement.clientId(THERE, 'home-'), PERSISTENT),
      await clients.connect(cluster.gateway(1), placement.clientId(AWAY, 'home-'), PERSISTENT),
    ];
    for (const subscriber of [homeThere, homeAway]) {
      await subscriber.mqtt.subscribeAsync('down/#', { qos: 1 });
    }
    const publisher = await clients.connect(cluster.gateway(0), placement.clientId(THERE, 'pub-'));
    const late = await clients.connect(cluster.gateway(0), placement.clientId(THERE, 'late-'));
    for (const topic of [there, away]) await publisher.mqtt.publishAsync(topic, 'all', { qos: 1 });
    await Promise.all([homeThere.payloadsOf(2), homeAway.payloadsOf(2)]);

    await cluster.stores[AWAY]?.crash();
    // Its topics wait, whoever publishes; those of the other store go on, for all who are connected.
    let isAcknowledged = false;
    const waiting = late.mqtt.publishAsync(away, 'waits', { qos: 1 }).then(() => {
      isAcknowledged = true;
    });
    for (let index = 0; index < 20; index++) {
      await publisher.mqtt.publishAsync(there, String(index), { qos: 2 });
    }
    await Promise.all([homeThere.payloadsOf(22), homeAway.payloadsOf(22)]);
    const fresh = await clients.connect(
      cluster.gateway(0),
      placement.clientId(THERE, 'fresh-'),
      PERSISTENT,
    );
    await fresh.mqtt.subscribeAsync(there, { qos: 1 });
    await publisher.mqtt.publishAsync(there, 'fresh', { qos: 1 });
    expect(await fresh.payloadsOf(1)).to.deep.equal(['fresh']);
    expect(isAcknowledged).to.equal(false);

    await cluster.stores[AWAY]?.start();
    await waiting;
    await Promise.all([homeThere.payloadsOf(24), homeAway.payloadsOf(24)]);
    for (const { payloads } of [homeThere, homeAway]) {
      expect(payloads.filter((payload) => payload === 'waits')).to.have.length(1);
      expect(new Set(payloads).size).to.equal(23);
    }
    await eventually('a client at home there connects', async () => {
      const id = placement.clientId(AWAY, 'again-');
      const again = await clients.connect(cluster.gateway(0), id, PERSISTENT);
      await again.mqtt.subscribeAsync(away, { qos: 1 });
      return true;
    });
  });

  it('a gateway that dies meanwhile leaves nothing behind', async () => {
    const topic = placement.topic(THERE, 'both/');
    const will = placement.topic(THERE, 'both-will/');
    const subscriber = await clients.connect(
      cluster.gateway(1),
      placement.clientId(THERE, 'sub-both-'),
      PERSISTENT,
    );
    await subscriber.mqtt.subscribeAsync([topic, will], { qos: 1 });
    const id = placement.clientId(AWAY, 'moves-');
    const first = await clients.connect(cluster.gateway(0), id, {
      ...PERSISTENT,
      will: { topic: will, payload: Buffer.from('gone'), qos: 1, retain: false },
    });
    await first.mqtt.subscribeAsync(topic, { qos: 2 });
    await cluster.stores[AWAY]?.crash();
    await cluster.gateway(0).crash();
    const publisher = await clients.connect(cluster.gateway(1), placement.clientId(THERE, 'pub-'));
    await publisher.mqtt.publishAsync(topic, 'meanwhile', { qos: 2 });
    expect(await subscriber.payloadsOf(1)).to.deep.equal(['meanwhile']);
    await cluster.stores[AWAY]?.start();
    await cluster.gateway(0).start();
    await eventually('the will', () => subscriber.payloads.includes('gone'), 60_000);
    const again = await clients.connect(cluster.gateway(0), id, PERSISTENT);
    expect(again.sessionPresent).to.equal(true);
    expect(await again.payloadsOf(1)).to.deep.equal(['meanwhile']);
    await sleep(200);
    expect(subscriber.payloads).to.deep.equal(['meanwhile', 'gone']);
  });
});
