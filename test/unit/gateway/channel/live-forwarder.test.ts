import { expect } from 'chai';
import { publish, puback, subscribe, type Publish } from '../../../helpers/packets.ts';
import { ack5, publish5, type Publish5 } from '../../../helpers/packets5.ts';
import type { Properties } from '../../../helpers/properties5.ts';
import { connected5, subscribed5 } from '../fake-client5.ts';
import { type FakeClient, World } from '../gateway-world.ts';

const ALL: Properties = [
  ['payloadFormat', 1],
  ['user', ['b', '1']],
  ['responseTopic', 'r'],
  ['user', ['a', '2']],
  ['correlationData', Buffer.from([0])],
];

function texts(packets: readonly (Publish | Publish5)[]): string[] {
  return packets.map(({ payload }) => payload.toString());
}

describe('gateway: LiveForwarder', () => {
  it('forwards a run of 3.1.1 to subscribers of MQTT 5 with empty properties', async () => {
    const world = new World();
    const v5 = await subscribed5(world, { clientId: 'v5' }, 'a/+', 0);
    const publisher = await world.connected({ clientId: 'p' });
    const long = 'x'.repeat(500);
    await publisher.exchange(
      ...['1', long, '', '4'].map((payload) => publish({ topic: 'a/b', payload })),
    );
    const got = await v5.publishes();
    expect(texts(got)).to.deep.equal(['1', long, '', '4']);
    for (const packet of got) {
      expect(packet).to.deep.include({ topic: 'a/b', qos: 0, retain: false, properties: [] });
    }
    expect(world.stats.messagesSent).to.equal(4);
  });

  it('forwards a run of MQTT 5 to subscribers of 3.1.1 without its properties', async () => {
    const world = new World();
    const v4 = await world.subscribed({ clientId: 'v4' }, ['a/+', 0]);
    const v5 = await subscribed5(world, { clientId: 'v5' }, 'a/+', 0);
    const publisher = await connected5(world, { clientId: 'p' });
    const messages = [
      publish5({ topic: 'a/b', payload: '1' }),
      publish5({ topic: 'a/b', payload: '2' }),
      publish5({ topic: 'a/b', payload: '3', properties: ALL }),
      publish5({ topic: 'a/b', payload: '4', properties: [['messageExpiry', 9]] }),
      publish5({ topic: 'a/b', payload: '5' }),
    ];
    await publisher.exchange(...messages);
    expect(texts(await v4.publishes())).to.deep.equal(['1', '2', '3', '4', '5']);
    const got = await v5.publishes();
    expect(texts(got)).to.deep.equal(['1', '2', '3', '4', '5']);
    expect(got.map((packet) => packet.properties)).to.deep.equal([
      [],
      [],
      ALL,
      [['messageExpiry', 9]],
      [],
    ]);
  });

  it('adds the subscription identifier of each subscription [MQTT-3.3.4-3]', async () => {
    const world = new World();
    const one = await subscribed5(world, { clientId: 'one' }, 'a/#', 0, {}, [
      ['subscriptionId', 1],
    ]);
    await one.subscribe('#', 0, {}, [['subscriptionId', 268_435_455]]);
    const other = await subscribed5(world, { clientId: 'other' }, 'a/#', 0);
    for (const publisher of [
      await world.connected({ clientId: 'p4' }),
      await connected5(world, { clientId: 'p5' }),
    ]) {
      const packet =
        'connack' in publisher ? publish5({ topic: 'a/b' }) : publish({ topic: 'a/b' });
      await publisher.exchange(packet, packet);
      const ids = (await one.publishes()).map(({ properties }) => properties[0]?.[1]).sort();
      expect(ids).to.deep.equal([1, 1, 268_435_455, 268_435_455]);
      const got = await other.publishes();
      expect(got.map(({ properties }) => properties)).to.deep.equal([[], []]);
    }
  });

  it('uses the options that a subscription has now, not those of before [MQTT-3.8.4-3]', async () => {
    const world = new World();
    const client = await subscribed5(world, {}, 'a', 0, {}, [['subscriptionId', 7]]);
    const publisher = await connected5(world, { clientId: 'p' });
    const packet = publish5({ topic: 'a', retain: true, payload: 'x' });
    await publisher.exchange(packet);
    const [first] = await client.publishes();
    expect(first).to.deep.include({ retain: false, properties: [['subscriptionId', 7]] });
    await client.subscribe('a', 0, { retainAsPublished: true, retainHandling: 2 });
    await publisher.exchange(packet);
    const [second] = await client.publishes();
    expect(second).to.deep.include({ retain: true, properties: [] });
    await client.subscribe('a', 0, { noLocal: true, retainHandling: 2 });
    expect(await client.publishes(publish5({ topic: 'a' }))).to.deep.equal([]);
  });

  it('forwards what came before a SUBSCRIBE with the options of before', async () => {
    const world = new World();
    const client = await subscribed5(world, {}, 'a', 0);
    const packets = await client.publishes(
      publish5({ topic: 'a', payload: '1' }),
      Buffer.concat([subscribeNoLocal(), publish5({ topic: 'a', payload: '2' })]),
    );
    expect(texts(packets)).to.deep.equal(['1']);
  });

  it('does not send back what the client itself has published [MQTT5-3.8.3-3]', async () => {
    const world = new World();
    const own = await subscribed5(world, { clientId: 'own' }, 'a', 0, { noLocal: true });
    const other = await subscribed5(world, { clientId: 'other' }, 'a', 0, { noLocal: true });
    const messages = [0, 1, 2] as const;
    await own.exchange(
      ...messages.map((qos) => publish5({ topic: 'a', qos, id: 1 + qos, payload: String(qos) })),
    );
    expect(await own.publishes()).to.deep.equal([]);
    expect(texts(await other.publishes())).to.deep.equal(['0', '1', '2']);
  });

  it('sends RETAIN as published where that is asked for [MQTT5-3.3.1-12] [MQTT-3.3.1-13]', async () => {
    const world = new World();
    const asked = await subscribed5(world, { clientId: 'asked' }, 'a', 0, {
      retainAsPublished: true,
    });
    const plain = await subscribed5(world, { clientId: 'plain' }, 'a', 0);
    const v4 = await world.subscribed({ clientId: 'v4' }, ['a', 0]);
    const publisher = await world.connected({ clientId: 'p' });
    await publisher.exchange(
      publish({ topic: 'a' }),
      publish({ topic: 'a', retain: true }),
      publish({ topic: 'a', retain: true, qos: 1, id: 1 }),
      publish({ topic: 'a', qos: 1, id: 2 }),
    );
    const flags = [false, true, true, false];
    expect((await asked.publishes()).map(({ retain }) => retain)).to.deep.equal(flags);
    for (const client of [plain, v4]) {
      expect((await client.publishes()).map(({ retain }) => retain)).to.deep.equal(
        flags.map(() => false),
      );
    }
  });

  it('drops, and counts, what is larger than the client takes [MQTT5-3.1.2-24] [MQTT-3.1.2-25]', async () => {
    const world = new World();
    const properties: Properties = [['maximumPacketSize', 20]];
    const client = await subscribed5(world, { clientId: 'v5', properties }, 'a', 0);
    // Fixed header, topic and length of properties take 6 bytes.
    const sizes = [13, 14, 15, 0, 200];
    const v4 = await world.connected({ clientId: 'p4' });
    const v5 = await connected5(world, { clientId: 'p5' });
    const payloads = sizes.map((size) => 'x'.repeat(size));
    await v4.exchange(...payloads.map((payload) => publish({ topic: 'a', payload })));
    expect((await client.publishes()).map(({ payload }) => payload.length)).to.deep.equal([
      13, 14, 0,
    ]);
    expect(world.stats.messagesTooLarge).to.equal(2);
    await v5.exchange(...payloads.map((payload) => publish5({ topic: 'a', payload })));
    expect((await client.publishes()).map(({ payload }) => payload.length)).to.deep.equal([
      13, 14, 0,
    ]);
    expect(world.stats.messagesTooLarge).to.equal(4);
  });

  it('delivers to the peer of a P2P topic in the form of its version', async () => {
    const world = new World();
    const v5 = await connected5(world, { clientId: 'peer5' });
    const v4 = await world.connected({ clientId: 'peer4' });
    const publisher = await connected5(world, { clientId: 'p' });
    await publisher.exchange(
      publish5({ topic: 't/p2p/peer5', payload: '1' }),
      publish5({ topic: 't/p2p/peer5', payload: '2', properties: ALL }),
      publish5({ topic: 't/p2p/peer4', payload: '3', properties: ALL }),
      publish5({ topic: 't/p2p/peer5', payload: '4', qos: 1, properties: ALL }),
    );
    const got = await v5.publishes();
    expect(texts(got)).to.deep.equal(['1', '2', '4']);
    expect(got.map(({ properties }) => properties)).to.deep.equal([[], ALL, ALL]);
    expect(texts(await v4.publishes())).to.deep.equal(['3']);
    await v5.exchange(ack5('puback', got[2]!.id));
  });

  it('sends what follows a message to many within 2 ms together, in order with QoS 1 [MQTT-4.6.0-5]', async () => {
    const world = new World();
    const clients: FakeClient[] = [];
    for (let i = 0; i < 32; i++) {
      clients.push(await world.subscribed({ clientId: `s${String(i)}` }, ['a/b', 0], ['c', 1]));
    }
    const publisher = await world.connected({ clientId: 'p' });
    const all = async (expected: readonly string[]): Promise<void> => {
      for (const client of clients) {
        expect(texts(await client.publishes())).to.deep.equal(expected);
      }
    };
    await publisher.exchange(publish({ topic: 'a/b', payload: '1' }));
    await all(['1']);
    await publisher.exchange(publish({ topic: 'a/b', payload: '2' }));
    await publisher.exchange(publish({ topic: 'a/b', payload: '3' }));
    await all([]);
    world.clock.advance(2);
    await all(['2', '3']);
    await publisher.exchange(publish({ topic: 'a/b', payload: '4' }));
    await publisher.exchange(publish({ topic: 'c', payload: '5', qos: 1, id: 1 }));
    await all(['4', '5']);
  });

  it('gives messages of QoS 1 and 2 to subscriptions of QoS 0 with their properties', async () => {
    const world = new World();
    const client = await subscribed5(world, { clientId: 'v5' }, 'a', 0);
    const v4 = await world.subscribed({ clientId: 'v4' }, ['a', 0]);
    const publisher = await connected5(world, { clientId: 'p' });
    await publisher.exchange(
      publish5({ topic: 'a', payload: '1', qos: 1, properties: ALL }),
      publish5({ topic: 'a', payload: '2', qos: 2, properties: [['messageExpiry', 0xffff]] }),
    );
    const got = await client.publishes();
    expect(got.map(({ qos, properties }) => ({ qos, properties }))).to.deep.equal([
      { qos: 0, properties: ALL },
      { qos: 0, properties: [['messageExpiry', 0xffff]] },
    ]);
    expect(texts(await v4.publishes(puback(1)))).to.deep.equal(['1', '2']);
  });

  it('leaves nothing open', async () => {
    const world = new World();
    const client = await subscribed5(world, {}, 'a', 0);
    const v4 = await world.connected({ clientId: 'v4' });
    await v4.exchange(subscribe(1, ['b/#', 1]));
    await client.lose();
    await v4.lose();
    expect(world.store.stats.openQueues).to.equal(0);
  });
});

function subscribeNoLocal(): Buffer {
  return Buffer.from([0x82, 7, 0, 9, 0, 0, 1, 0x61, 0x24]);
}
