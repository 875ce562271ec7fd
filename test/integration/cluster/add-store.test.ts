import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { Cluster } from '../../helpers/cluster.ts';
import { isBuildCurrent } from '../../helpers/compiled.ts';
import { eventually } from '../../helpers/eventually.ts';
import { freePort } from '../../helpers/free-port.ts';
import { Clients, PERSISTENT, type TestClient } from './clients.ts';
import { Placement, tableOf } from './placement.ts';
import { disorderOf, faultsOf, StreamLoad } from './stream-load.ts';

const ARRIVAL_MS = 60_000;

describe('cluster: stores are added while it works', function () {
  this.timeout(300_000);
  let cluster: Cluster;
  const clients = new Clients();
  const topics = Array.from({ length: 30 }, (_, index) => `grow/t${String(index)}`);

  before(async () => {
    cluster = await Cluster.start({ compiled: isBuildCurrent(), leaseMs: 15_000 });
  });
  afterEach(() => clients.end());
  after(() => cluster.dispose());

  const all = (client: TestClient, load: StreamLoad) =>
    eventually('all messages', () => client.received.length >= load.count, ARRIVAL_MS, 50).catch(
      () => undefined,
    );

  async function addStore(): Promise<void> {
    const node = cluster.addStore(await freePort());
    await node.start();
    await eventually('the store is registered', async () => {
      return (await cluster.succeed('clusterList')).includes(` ${node.name} `);
    });
    const out = await cluster.succeed('addStore', '-b', node.name);
    expect(out).to.include(`add store ${node.name} success.`);
  }

  it('a cluster of one store gets a table, and keeps its sessions', async () => {
    const before = await clients.connect(cluster.gateway(0), 'old-session', PERSISTENT);
    await before.mqtt.subscribeAsync('old/#', { qos: 1 });
    const closed = new Promise<void>((resolve) => {
      before.mqtt.once('close', () => {
        resolve();
      });
    });
    const publisher = await clients.connect(cluster.gateway(0), 'old-publisher');
    await publisher.mqtt.publishAsync('old/kept', 'kept', { qos: 1, retain: true });
    await before.payloadsOf(1);
    const out = await cluster.succeed('foundStores', '-b', 'store');
    expect(out).to.include('found stores store success.');
    await closed;
    const again = await eventually(
      'the gateway is back',
      () => clients.connect(cluster.gateway(1), 'old-session', PERSISTENT).catch(() => undefined),
      30_000,
    );
    expect(again.sessionPresent).to.equal(true);
    const late = await eventually(
      'the other gateway is back',
      () => clients.connect(cluster.gateway(0), 'old-publisher').catch(() => undefined),
      30_000,
    );
    await late.mqtt.publishAsync('old/t', 'new', { qos: 1 });
    await again.payloadsOf(1);
    expect(again.payloads.at(-1)).to.equal('new');
    expect(await cluster.succeed('foundStores', '-b', 'store')).to.include('success');
    const other = await cluster.mqadmin('foundStores', '-b', 'store,other');
    expect(other.code).to.equal(1);
    expect(other.err).to.include('spread over store already');
  });

  it('under load nothing is lost, comes twice at QoS 2 or out of order', async () => {
    const load = new StreamLoad();
    const live = await clients.connect(cluster.gateway(1), 'live-wild', PERSISTENT);
    await live.mqtt.subscribeAsync('grow/#', { qos: 2 });
    const exact = await clients.connect(cluster.gateway(0), 'live-exact', PERSISTENT);
    await exact.mqtt.subscribeAsync([...topics], { qos: 2 });
    for (const id of ['away-wild', 'away-exact']) {
      const away = await clients.connect(cluster.gateway(1), id, PERSISTENT);
      await away.mqtt.subscribeAsync(id === 'away-wild' ? 'grow/+' : [...topics], { qos: 2 });
      await away.mqtt.endAsync();
    }
    const members = await Promise.all(
      [0, 1].map((index) =>
        clients.connect(cluster.gateway(index), `share-${String(index)}`, PERSISTENT),
      ),
    );
    for (const member of members) await member.mqtt.subscribeAsync('$share/g/grow/#', { qos: 2 });

    await load.start(clients, cluster.gateway(0), topics);
    await sleep(1000);
    await addStore();
    await sleep(1000);
    await addStore();
    await sleep(1000);
    await load.end();

    const placement = new Placement(tableOf(cluster, 1));
    const moved = topics.filter((topic) => placement.laneOfTopic(topic) > 0);
    expect(moved, 'topics in the new stores').to.have.length.above(5);
    for (const client of [live, exact]) {
      await all(client, load);
      expect(faultsOf(client.received, load.acknowledged)).to.deep.equal([]);
    }
    for (const id of ['away-wild', 'away-exact']) {
      const back = await clients.connect(cluster.gateway(0), id, PERSISTENT);
      expect(back.sessionPresent).to.equal(true);
      await all(back, load);
      expect(faultsOf(back.received, load.acknowledged), id).to.deep.equal([]);
    }
    const shared = () => members.flatMap(({ received }) => received);
    await eventually(
      'all shared messages',
      () => shared().length >= load.count,
      ARRIVAL_MS,
      50,
    ).catch(() => undefined);
    const texts = shared().map(({ topic, payload }) => `${topic} ${payload}`);
    expect(new Set(texts).size, 'twice').to.equal(texts.length);
    for (const { received } of members) expect(disorderOf(received)).to.deep.equal([]);
    expect(texts.length).to.equal(load.count);
  });

  it('a session that was away all the time finds what is published in the new stores', async () => {
    const placement = new Placement(tableOf(cluster, 1));
    const publisher = await clients.connect(cluster.gateway(0), 'old-publisher');
    const names = [0, 1, 2].map((lane) => placement.topic(lane, 'old/'));
    for (const name of names) await publisher.mqtt.publishAsync(name, name, { qos: 1 });
    const back = await clients.connect(cluster.gateway(0), 'old-session', PERSISTENT);
    expect(back.sessionPresent).to.equal(true);
    await back.payloadsOf(3);
    expect([...back.payloads].sort()).to.deep.equal([...names].sort());
  });

  it('retained messages from before are found, replaced and deleted in the new places', async () => {
    const publisher = await clients.connect(cluster.gateway(0), 'publisher');
    const readAt = async (gateway: number, filter: string): Promise<string[]> => {
      const reader = await clients.connect(cluster.gateway(gateway), 'reader');
      await reader.mqtt.subscribeAsync(filter, { qos: 1 });
      await sleep(200);
      await reader.mqtt.endAsync();
      return reader.received.map(({ payload }) => payload);
    };
    expect(await readAt(1, 'old/kept')).to.deep.equal(['kept']);
    await publisher.mqtt.publishAsync('old/kept', 'replaced', { qos: 1, retain: true });
    for (const filter of ['old/kept', 'old/#']) {
      await eventually('the new one', async () => (await readAt(1, filter))[0] === 'replaced');
    }
    await publisher.mqtt.publishAsync('old/kept', '', { qos: 1, retain: true });
    for (const filter of ['old/kept', 'old/#']) {
      await eventually('none', async () => (await readAt(1, filter)).length === 0);
    }
  });

  it('names the gateway that does not follow, and goes on when it does', async () => {
    const node = cluster.addStore(await freePort());
    await node.start();
    await eventually('the store is registered', async () => {
      return (await cluster.succeed('clusterList')).includes(` ${node.name} `);
    });
    cluster.gateway(1).pause();
    const late = await cluster.mqadmin('addStore', '-b', node.name, '--timeout', '1.5');
    expect(late.code, late.out).to.equal(1);
    expect(late.err).to.match(/gateway g2 has generation 3 at store store/);
    expect(late.err).to.include(`run addStore -b ${node.name} again`);
    expect(await cluster.succeed('storeList')).to.match(
      new RegExp(`^${node.name} +4/4 +being added `, 'm'),
    );
    cluster.gateway(1).resume();
    const out = await cluster.succeed('addStore', '-b', node.name);
    expect(out).to.include(`add store ${node.name} success.`);
    const repeated = await cluster.succeed('addStore', '-b', node.name);
    expect(repeated).to.include('has messages of its own already');
  });

  for (const [what, args, message] of [
    ['a store that is not registered', ['-b', 'unknown'], 'no store "unknown" is registered'],
    ['a time that is none', ['-b', 'x', '--timeout', 'soon'], '--timeout: soon'],
  ] as const) {
    it(`refuses ${what}`, async () => {
      const { code, err } = await cluster.mqadmin('addStore', ...args);
      expect(code).to.equal(1);
      expect(err).to.include(message);
    });
  }
});
