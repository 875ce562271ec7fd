import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { Cluster } from '../../helpers/cluster.ts';
import { isBuildCurrent } from '../../helpers/compiled.ts';
import { eventually } from '../../helpers/eventually.ts';
import { Clients, PERSISTENT } from './clients.ts';
import { Placement, tableOf } from './placement.ts';

const TIMEOUT_MS = 120_000;
const LANES = [0, 1] as const;

describe('cluster: topics spread over two stores', function () {
  this.timeout(TIMEOUT_MS);
  let cluster: Cluster;
  let placement: Placement;
  const clients = new Clients();

  before(async () => {
    cluster = await Cluster.start({ compiled: isBuildCurrent(), stores: 2 });
    placement = new Placement(tableOf(cluster));
  });
  afterEach(() => clients.end());
  after(() => cluster.dispose());

  for (const qos of [0, 1, 2] as const) {
    for (const lane of LANES) {
      it(`messages of QoS ${String(qos)} in store ${String(lane)} reach a subscriber whose home is the other one, in order`, async () => {
        const topic = placement.topic(lane, `between/q${String(qos)}/`);
        const id = placement.clientId(1 - lane, `sub-q${String(qos)}-`);
        const subscriber = await clients.connect(cluster.gateway(1), id, PERSISTENT);
        await subscriber.mqtt.subscribeAsync(topic, { qos });
        const publisher = await clients.connect(cluster.gateway(0), `pub-q${String(qos)}`);
        const sent = Array.from({ length: 200 }, (_, index) => `m${String(index)}`);
        await Promise.all(
          sent.map((payload) => publisher.mqtt.publishAsync(topic, payload, { qos })),
        );
        expect(await subscriber.payloadsOf(sent.length)).to.deep.equal(sent);
      });
    }
  }

  it('one publisher is acknowledged in order whatever stores its messages are in [MQTT-4.6.0-2]', async () => {
    const topics = LANES.flatMap((lane) => placement.topics(lane, 'mixed/', 5));
    const subscriber = await clients.connect(cluster.gateway(1), 'sub-mixed');
    await subscriber.mqtt.subscribeAsync('mixed/#', { qos: 2 });
    const publisher = await clients.connect(cluster.gateway(0), 'pub-mixed');
    const acknowledged: number[] = [];
    await Promise.all(
      Array.from({ length: 300 }, async (_, index) => {
        const topic = topics[(index * 7) % topics.length] as string;
        await publisher.mqtt.publishAsync(topic, String(index), { qos: index % 2 === 0 ? 1 : 2 });
        acknowledged.push(index);
      }),
    );
    for (const qos of [0, 1]) {
      const ofQos = acknowledged.filter((index) => index % 2 === qos);
      expect(ofQos).to.deep.equal([...ofQos].sort((a, b) => a - b));
    }
    await subscriber.payloadsOf(300);
    for (const topic of topics) {
      const got = subscriber.received.filter((message) => message.topic === topic);
      const numbers = got.map(({ payload }) => Number(payload));
      expect(numbers, topic).to.deep.equal([...new Set(numbers)].sort((a, b) => a - b));
    }
    expect(new Set(subscriber.payloads).size).to.equal(300);
  });

  for (const filter of ['wild/+', 'wild/#', '#', '+/+']) {
    it(`the wildcard ${filter} hears the topics of all stores`, async () => {
      const subscriber = await clients.connect(cluster.gateway(1), `sub-${filter}`);
      await subscriber.mqtt.subscribeAsync(filter, { qos: 1 });
      const publisher = await clients.connect(cluster.gateway(0), `pub-${filter}`);
      const topics = LANES.flatMap((lane) => placement.topics(lane, 'wild/', 3));
      for (const topic of topics) await publisher.mqtt.publishAsync(topic, filter, { qos: 1 });
      await subscriber.payloadsOf(topics.length);
      expect(subscriber.received.map(({ topic }) => topic)).to.have.members(topics);
    });
  }

  for (const lane of LANES) {
    it(`a session at home in store ${String(lane)} finds all that came while it was away, once`, async () => {
      const id = placement.clientId(lane, 'away-');
      const topics = LANES.flatMap((of) => placement.topics(of, `away/${String(lane)}/`, 3));
      const exact = LANES.map((of) => placement.topic(of, `exact/${String(lane)}/`));
      const first = await clients.connect(cluster.gateway(0), id, PERSISTENT);
      await first.mqtt.subscribeAsync(`away/${String(lane)}/#`, { qos: 2 });
      for (const topic of exact) await first.mqtt.subscribeAsync(topic, { qos: 1 });
      await first.mqtt.endAsync();
      const publisher = await clients.connect(cluster.gateway(0), `pub-away-${String(lane)}`);
      const sent: string[] = [];
      for (let round = 0; round < 20; round++) {
        // The client hands one of QoS 2 on later than those of QoS 1 behind it: one QoS for each topic.
        for (const [index, topic] of [...topics, ...exact].entries()) {
          const qos = index % 2 === 0 ? 1 : 2;
          await publisher.mqtt.publishAsync(topic, `${topic} ${String(round)}`, { qos });
          sent.push(`${topic} ${String(round)}`);
        }
      }
      const second = await clients.connect(cluster.gateway(1), id, PERSISTENT);
      expect(second.sessionPresent).to.equal(true);
      const got = await second.payloadsOf(sent.length);
      expect([...got].sort()).to.deep.equal([...sent].sort());
      for (const topic of [...topics, ...exact]) {
        const of = (list: readonly string[]) => list.filter((text) => text.startsWith(`${topic} `));
        expect(of(got)).to.deep.equal(of(sent));
      }
      await second.mqtt.endAsync();
      const third = await clients.connect(cluster.gateway(0), id, PERSISTENT);
      await sleep(300);
      expect(third.payloads).to.deep.equal([]);
      await third.mqtt.unsubscribeAsync([`away/${String(lane)}/#`, ...exact]);
      for (const topic of exact) await publisher.mqtt.publishAsync(topic, 'late', { qos: 1 });
      await publisher.mqtt.publishAsync(topics[0] as string, 'late', { qos: 1 });
      await sleep(200);
      expect(third.payloads).to.deep.equal([]);
    });

    it(`the newer connection takes over a session at home in store ${String(lane)} [MQTT-3.1.4-3]`, async () => {
      const id = placement.clientId(lane, 'taken-');
      const topics = LANES.map((of) => placement.topic(of, `taken/${String(lane)}/`));
      const first = await clients.connect(cluster.gateway(0), id, PERSISTENT);
      await first.mqtt.subscribeAsync([...topics], { qos: 1 });
      const second = await clients.connect(cluster.gateway(1), id, PERSISTENT);
      expect(second.sessionPresent).to.equal(true);
      await eventually('the first to know', () => first.disconnect !== undefined, 1000);
      expect(first.disconnect?.reasonCode).to.equal(0x8e);
      const publisher = await clients.connect(cluster.gateway(0), 'pub-taken');
      for (const topic of topics) await publisher.mqtt.publishAsync(topic, topic, { qos: 1 });
      expect([...(await second.payloadsOf(2))].sort()).to.deep.equal([...topics].sort());
      expect(first.payloads).to.deep.equal([]);
    });

    it(`a will goes to a topic of store ${String(lane)} from a client at home in the other one, once`, async () => {
      const topic = placement.topic(lane, 'will/');
      const subscriber = await clients.connect(cluster.gateway(1), 'sub-will');
      await subscriber.mqtt.subscribeAsync(topic, { qos: 1 });
      const id = placement.clientId(1 - lane, 'dying-');
      const dying = await clients.connect(cluster.gateway(0), id, {
        will: { topic, payload: Buffer.from('gone'), qos: 1, retain: true },
      });
      dying.mqtt.stream.destroy();
      expect(await subscriber.payloadsOf(1)).to.deep.equal(['gone']);
      await sleep(300);
      expect(subscriber.payloads).to.deep.equal(['gone']);
      const late = await clients.connect(cluster.gateway(0), 'late-will');
      await late.mqtt.subscribeAsync(topic, { qos: 1 });
      expect(await late.payloadsOf(1)).to.deep.equal(['gone']);
    });
  }

  for (const filter of ['shared/#', 'exact']) {
    it(`members at both gateways share ${filter}, each message goes to one`, async () => {
      const topics =
        filter === 'exact'
          ? [placement.topic(1, 'shared-one/')]
          : LANES.flatMap((lane) => placement.topics(lane, 'shared/', 4));
      const shared = `$share/g/${filter === 'exact' ? (topics[0] as string) : filter}`;
      const members = await Promise.all(
        [0, 1, 0, 1].map((gateway, index) =>
          clients.connect(
            cluster.gateway(gateway),
            placement.clientId(index % 2, `member-${String(index)}-`),
            index < 2 ? PERSISTENT : {},
          ),
        ),
      );
      for (const member of members) await member.mqtt.subscribeAsync(shared, { qos: 1 });
      const publisher = await clients.connect(cluster.gateway(0), 'pub-shared');
      const sent = Array.from({ length: 200 }, (_, index) => String(index));
      for (const [index, payload] of sent.entries()) {
        const topic = topics[index % topics.length] as string;
        await publisher.mqtt.publishAsync(topic, payload, { qos: 1 });
      }
      const got = () => members.flatMap(({ payloads }) => payloads);
      await eventually('all messages', () => got().length >= sent.length);
      await sleep(200);
      expect([...got()].sort()).to.deep.equal([...sent].sort());
    });
  }

  it('retained messages of all stores are there at every gateway, and gone at every gateway', async () => {
    const topics = LANES.flatMap((lane) => placement.topics(lane, 'retained/', 3));
    const publisher = await clients.connect(cluster.gateway(0), 'pub-retained');
    let round = 0;
    const retainedAt = async (gateway: number): Promise<string[]> => {
      const late = await clients.connect(cluster.gateway(gateway), `late-${String(round++)}`);
      await late.mqtt.subscribeAsync('retained/#', { qos: 1 });
      await sleep(150);
      await late.mqtt.endAsync();
      return late.received.map(({ topic, payload }) => `${topic}=${payload}`).sort();
    };
    for (const value of ['first', 'second']) {
      for (const topic of topics) {
        await publisher.mqtt.publishAsync(topic, value, { qos: 1, retain: true });
      }
      const expected = topics.map((topic) => `${topic}=${value}`).sort();
      for (const gateway of [0, 1]) {
        await eventually(`${value} at gateway ${String(gateway)}`, async () => {
          return JSON.stringify(await retainedAt(gateway)) === JSON.stringify(expected);
        });
      }
    }
    for (const topic of topics) {
      await publisher.mqtt.publishAsync(topic, '', { qos: 1, retain: true });
    }
    for (const gateway of [0, 1]) {
      await eventually('nothing retained', async () => (await retainedAt(gateway)).length === 0);
    }
  });

  it('a message to one client finds it whichever store its home is', async () => {
    for (const lane of LANES) {
      const id = placement.clientId(lane, 'peer-');
      const peer = await clients.connect(cluster.gateway(1), id, PERSISTENT);
      const publisher = await clients.connect(cluster.gateway(0), 'pub-peer');
      await publisher.mqtt.publishAsync(`first/p2p/${id}`, id, { qos: 1 });
      expect(await peer.payloadsOf(1)).to.deep.equal([id]);
      await peer.mqtt.endAsync();
      await publisher.mqtt.publishAsync(`first/p2p/${id}`, 'stored', { qos: 1 });
      const again = await clients.connect(cluster.gateway(0), id, PERSISTENT);
      expect(await again.payloadsOf(1)).to.deep.equal(['stored']);
    }
  });

  it('mqadmin shows the stores, where topics lie and how far a session is', async () => {
    const list = await cluster.succeed('storeList');
    expect(list).to.match(
      /^store +1\/1 +active +127\.0\.0\.1:\d+ +\d+ +1 +- +g1 \(1\), g2 \(1\)$/m,
    );
    expect(list).to.match(/^store2 +1\/1 +active /m);
    expect(await cluster.succeed('clusterList')).to.match(/ store2 /);
    const topic = placement.topic(1, 'progress/');
    const client = await clients.connect(cluster.gateway(0), 'progress', PERSISTENT);
    await client.mqtt.subscribeAsync('progress/#', { qos: 1 });
    await client.mqtt.endAsync();
    const publisher = await clients.connect(cluster.gateway(0), 'pub-progress');
    await publisher.mqtt.publishAsync(topic, 'x', { qos: 1 });
    const progress = await cluster.succeed('consumerProgress', '-g', 'progress');
    expect(progress).to.match(/^progress\/# +store +0 +0 +0 +0 /m);
    expect(progress).to.match(/^progress\/# +store2 +0 +1 +0 +1 /m);
    expect(progress).to.match(/^Consume Diff Total: 1$/m);
  });
});
