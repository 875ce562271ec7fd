import { expect } from 'chai';
import { Cluster } from '../../helpers/cluster.ts';
import { isBuildCurrent } from '../../helpers/compiled.ts';
import { eventually } from '../../helpers/eventually.ts';
import { Clients, PERSISTENT } from './clients.ts';

const TIMEOUT_MS = 120_000;

describe('cluster: messages between gateways', function () {
  this.timeout(TIMEOUT_MS);
  let cluster: Cluster;
  const clients = new Clients();

  before(async () => {
    cluster = await Cluster.start({ compiled: isBuildCurrent() });
  });
  afterEach(() => clients.end());
  after(() => cluster.dispose());

  for (const qos of [0, 1, 2] as const) {
    it(`of QoS ${String(qos)} reach a subscriber of another gateway, each once, in order`, async () => {
      const topic = `between/q${String(qos)}`;
      const subscriber = await clients.connect(cluster.gateway(1), `sub-q${String(qos)}`);
      await subscriber.mqtt.subscribeAsync(topic, { qos });
      const publisher = await clients.connect(cluster.gateway(0), `pub-q${String(qos)}`);
      const sent = Array.from({ length: 200 }, (_, index) => `m${String(index)}`);
      await Promise.all(
        sent.map((payload) => publisher.mqtt.publishAsync(topic, payload, { qos })),
      );
      expect(await subscriber.payloadsOf(sent.length)).to.deep.equal(sent);
      expect(new Set(subscriber.received.map((message) => message.qos))).to.deep.equal(
        new Set([qos]),
      );
    });
  }

  for (const filter of ['wild/+/x', 'wild/#', '#', '+/a/x']) {
    it(`match the wildcard ${filter} subscribed at another gateway`, async () => {
      const subscriber = await clients.connect(cluster.gateway(1), `sub-${filter}`);
      await subscriber.mqtt.subscribeAsync(filter, { qos: 1 });
      const publisher = await clients.connect(cluster.gateway(0), `pub-${filter}`);
      await publisher.mqtt.publishAsync('wild/a/x', filter, { qos: 1 });
      await eventually('the message', () => subscriber.payloads.includes(filter));
    });
  }

  it('are shared out between members at different gateways, each to one', async () => {
    const members = await Promise.all(
      [0, 1].map((index) => clients.connect(cluster.gateway(index), `member-${String(index)}`)),
    );
    for (const member of members) {
      await member.mqtt.subscribeAsync('$share/g/shared/t', { qos: 1 });
    }
    const publisher = await clients.connect(cluster.gateway(0), 'pub-shared');
    const sent = Array.from({ length: 100 }, (_, index) => String(index));
    for (const payload of sent) {
      await publisher.mqtt.publishAsync('shared/t', payload, { qos: 1 });
    }
    const got = () => members.flatMap(({ payloads }) => payloads);
    await eventually('all messages', () => got().length >= sent.length);
    expect([...got()].sort()).to.deep.equal([...sent].sort());
  });

  it('that are retained are there at every gateway, and gone at every gateway', async () => {
    const publisher = await clients.connect(cluster.gateway(0), 'pub-retained');
    await publisher.mqtt.publishAsync('retained/t', 'kept', { qos: 1, retain: true });
    let round = 0;
    await eventually('the retained message at the other gateway', async () => {
      const late = await clients.connect(cluster.gateway(1), `late-${String(round++)}`);
      await late.mqtt.subscribeAsync('retained/t', { qos: 1 });
      await new Promise((resolve) => setTimeout(resolve, 100));
      return late.received.some(({ payload, retain }) => payload === 'kept' && retain);
    });
    await publisher.mqtt.publishAsync('retained/t', '', { qos: 1, retain: true });
    await eventually('no retained message at the other gateway', async () => {
      const late = await clients.connect(cluster.gateway(1), `late-${String(round++)}`);
      await late.mqtt.subscribeAsync('retained/t', { qos: 1 });
      await new Promise((resolve) => setTimeout(resolve, 100));
      return late.received.length === 0;
    });
  });

  it('of a will reach a subscriber of another gateway, once', async () => {
    const subscriber = await clients.connect(cluster.gateway(1), 'sub-will');
    await subscriber.mqtt.subscribeAsync('will/t', { qos: 1 });
    const dying = await clients.connect(cluster.gateway(0), 'dying', {
      will: { topic: 'will/t', payload: Buffer.from('gone'), qos: 1, retain: false },
    });
    dying.mqtt.stream.destroy();
    expect(await subscriber.payloadsOf(1)).to.deep.equal(['gone']);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(subscriber.payloads).to.deep.equal(['gone']);
  });

  it('wait in the session of a client that comes back at another gateway', async () => {
    const first = await clients.connect(cluster.gateway(0), 'traveller', PERSISTENT);
    await first.mqtt.subscribeAsync('travel/#', { qos: 2 });
    await first.mqtt.endAsync();
    const publisher = await clients.connect(cluster.gateway(0), 'pub-travel');
    for (const qos of [1, 2] as const) {
      await publisher.mqtt.publishAsync(`travel/${String(qos)}`, String(qos), { qos });
    }
    const second = await clients.connect(cluster.gateway(1), 'traveller', PERSISTENT);
    expect(second.sessionPresent).to.equal(true);
    expect(await second.payloadsOf(2)).to.deep.equal(['1', '2']);
  });

  it('go to the newer connection after a take-over [MQTT-3.1.4-3]', async () => {
    const first = await clients.connect(cluster.gateway(0), 'taken', PERSISTENT);
    await first.mqtt.subscribeAsync('taken/t', { qos: 1 });
    const second = await clients.connect(cluster.gateway(1), 'taken', PERSISTENT);
    expect(second.sessionPresent).to.equal(true);
    // The store lets the second in when the first has been closed.
    await eventually('the first to know', () => first.disconnect !== undefined, 1000);
    expect(first.disconnect?.reasonCode).to.equal(0x8e);
    const publisher = await clients.connect(cluster.gateway(0), 'pub-taken');
    await publisher.mqtt.publishAsync('taken/t', 'new', { qos: 1 });
    expect(await second.payloadsOf(1)).to.deep.equal(['new']);
    expect(first.payloads).to.deep.equal([]);
  });
});
