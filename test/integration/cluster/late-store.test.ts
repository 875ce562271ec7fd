import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { Cluster, type ClusterNode } from '../../helpers/cluster.ts';
import { isBuildCurrent } from '../../helpers/compiled.ts';
import { eventually } from '../../helpers/eventually.ts';
import { Clients, PERSISTENT } from './clients.ts';
import { Placement, tableOf } from './placement.ts';

const AWAY = 1;
const THERE = 0;

describe('cluster: a gateway starts while one of two stores is down', function () {
  this.timeout(300_000);
  let cluster: Cluster;
  let placement: Placement;
  const clients = new Clients();

  before(async () => {
    cluster = await Cluster.start({
      compiled: isBuildCurrent(),
      stores: 2,
      leaseMs: 10_000,
      gatewayEnvironment: {
        LMQTT_CONNECT_ENABLE_PROMETHEUS: 'true',
        LMQTT_CONNECT_EXPORTER_PORT: '0',
      },
    });
    placement = new Placement(tableOf(cluster));
  });
  afterEach(() => clients.end());
  after(() => cluster.dispose());

  async function ready(node: ClusterNode): Promise<readonly [number, string]> {
    const response = await fetch(`http://${node.ready('metrics') ?? ''}/readyz`);
    return [response.status, await response.text()];
  }

  /** Connects, subscribes and goes: a session that is away. */
  async function leave(home: number, prefix: string, filter: string): Promise<string> {
    const id = placement.clientId(home, prefix);
    const client = await clients.connect(cluster.gateway(1), id, PERSISTENT);
    await client.mqtt.subscribeAsync(filter, { qos: 1 });
    await client.mqtt.endAsync();
    return id;
  }

  it('serves what the other one has, and takes it in when it comes: no message is lost', async () => {
    const gateway = cluster.gateway(0);
    const [there, away] = [placement.topic(THERE, 'late/'), placement.topic(AWAY, 'late/')];
    const ids = [
      await leave(THERE, 'at-there-', 'late/#'),
      await leave(AWAY, 'at-away-', 'late/#'),
    ];
    const member = await leave(THERE, 'member-', '$share/g/late/#');
    const before = await clients.connect(cluster.gateway(1), 'before');
    for (const topic of [there, away]) {
      await before.mqtt.publishAsync(topic, `kept ${topic}`, { qos: 1, retain: true });
    }
    await before.mqtt.endAsync();
    await gateway.stop();
    await cluster.stores[AWAY]?.crash();
    await gateway.start();
    const [status, text] = await ready(gateway);
    expect(status).to.equal(503);
    expect(text).to.include('store store2: not connected');
    expect(gateway.output).to.include('starting while stores are away');

    const homeThere = await clients.connect(
      gateway,
      placement.clientId(THERE, 'stored-'),
      PERSISTENT,
    );
    await homeThere.mqtt.subscribeAsync(there, { qos: 2 });
    const publisher = await clients.connect(gateway, placement.clientId(THERE, 'pub-'));
    await publisher.mqtt.publishAsync(there, 'one', { qos: 1 });
    await publisher.mqtt.publishAsync(there, 'two', { qos: 2 });
    expect(await homeThere.payloadsOf(3)).to.deep.equal([`kept ${there}`, 'one', 'two']);
    let isAcknowledged = false;
    const waiting = publisher.mqtt.publishAsync(away, 'three', { qos: 1 }).then(() => {
      isAcknowledged = true;
    });
    await sleep(1_000);
    expect(isAcknowledged).to.equal(false);

    await cluster.stores[AWAY]?.start();
    await waiting;
    await eventually('ready', async () => (await ready(gateway))[0] === 200);
    const expected = [`kept ${there}`, `kept ${away}`, 'one', 'two', 'three'].sort();
    for (const id of [...ids, member]) {
      const client = await clients.connect(gateway, id, PERSISTENT);
      expect(client.sessionPresent, id).to.equal(true);
      expect([...(await client.payloadsOf(5))].sort(), id).to.deep.equal(expected);
    }
    const fresh = await clients.connect(gateway, placement.clientId(AWAY, 'fresh-'));
    await fresh.mqtt.subscribeAsync('late/#', { qos: 1 });
    const kept = [`kept ${there}`, `kept ${away}`].sort();
    expect([...(await fresh.payloadsOf(2))].sort()).to.deep.equal(kept);
    await sleep(300);
    expect(fresh.received.map(({ retain }) => retain)).to.deep.equal([true, true]);
  });

  it('has it taken in as well when it comes while gateways subscribe and publish', async () => {
    const gateway = cluster.gateway(0);
    const topics = [...placement.topics(THERE, 'race/', 3), ...placement.topics(AWAY, 'race/', 3)];
    await gateway.stop();
    await cluster.stores[AWAY]?.crash();
    await gateway.start();
    const subscriber = await clients.connect(gateway, placement.clientId(THERE, 'sub-race-'));
    // A wildcard waits for all stores that it may match something in.
    const subscribed = subscriber.mqtt.subscribeAsync(['race/#', '$share/r/race/#'], { qos: 1 });
    const publisher = await clients.connect(cluster.gateway(1), placement.clientId(THERE, 'pub-'));
    const early = Promise.all(
      topics.map((topic) => publisher.mqtt.publishAsync(topic, 'early', { qos: 1 })),
    );
    await cluster.stores[AWAY]?.start();
    await early;
    const granted = (await subscribed).map(({ qos }) => qos);
    expect(granted[0]).to.equal(1);
    for (const topic of topics) await publisher.mqtt.publishAsync(topic, 'now', { qos: 1 });
    await eventually('all of them', () => {
      const now = subscriber.received.filter(({ payload }) => payload === 'now');
      return new Set(now.map(({ topic }) => topic)).size === topics.length;
    });
  });
});
