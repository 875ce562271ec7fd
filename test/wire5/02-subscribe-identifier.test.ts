import { expect } from 'chai';
import { ack5, disconnect5, subscribe5 } from '../helpers/packets5.ts';
import { allOf } from '../helpers/properties5.ts';
import { isMosquitto } from '../helpers/start-broker.ts';
import { useWire5 } from './wire5.ts';

describe('wire5: 02 subscription identifier', () => {
  const wire = useWire5();

  for (const id of [1, 127, 128, 268_435_455]) {
    it(`${id} comes with the messages of its subscription`, async () => {
      const topic = wire.name('identifier');
      const client = await wire.subscribed(topic, 1, {}, {}, [['subscriptionId', id]]);
      await wire.published({ topic, payload: 'x' }, { topic, payload: 'y', qos: 1 });
      await client.publish({ payload: 'x', properties: [['subscriptionId', id]] });
      await client.publish({ payload: 'y', properties: [['subscriptionId', id]] });
    });
  }

  it('goes with every filter of its SUBSCRIBE, among the other properties', async () => {
    const own = wire.name('identifier');
    const client = await wire.connected();
    const list = [
      ['user', ['a', 'b']],
      ['subscriptionId', 9],
    ] as const;
    client.send(
      subscribe5(
        1,
        [
          [`${own}/a`, 1],
          [`${own}/b/#`, 0],
        ],
        list,
      ),
    );
    await client.suback(1, 1, 0);
    const properties = [['contentType', 't']] as const;
    for (const topic of [`${own}/a`, `${own}/b/c`]) {
      await wire.published({ topic, payload: 'x', qos: 1, properties });
      const packet = await client.publish({ topic });
      expect(packet.properties).to.have.deep.members([['subscriptionId', 9], ...properties]);
    }
  });

  it('of overlapping subscriptions: all are said, in one copy or in several [MQTT-3.3.4-3] [MQTT-3.3.4-4] [MQTT-3.3.4-5]', async () => {
    const own = wire.name('identifier');
    const topic = `${own}/a`;
    const client = await wire.connected();
    for (const [i, filter] of [topic, `${own}/+`, `${own}/#`].entries()) {
      const list = i === 2 ? [] : ([['subscriptionId', i + 1]] as const);
      client.send(subscribe5(i + 1, [[filter, 1]], list));
      await client.suback(i + 1, 1);
    }
    await wire.published({ topic, payload: 'x', qos: 1 });
    const first = await client.publish({ topic, payload: 'x', qos: 1 });
    const ids = allOf(first.properties, 'subscriptionId');
    if (ids.length === 2) {
      expect(ids).to.have.members([1, 2]);
      await client.raw.expectNothing(50);
      return;
    }
    const second = await client.publish({ topic, payload: 'x', qos: 1 });
    const third = await client.publish({ topic, payload: 'x', qos: 1 });
    const copies = [first, second, third].map((copy) => allOf(copy.properties, 'subscriptionId'));
    expect(copies).to.have.deep.members([[1], [2], []]);
    await client.raw.expectNothing(50);
  });

  it('is replaced, or taken away, by the next SUBSCRIBE of the filter [MQTT-3.8.4-3]', async () => {
    const topic = wire.name('identifier');
    const client = await wire.subscribed(topic, 1, {}, {}, [['subscriptionId', 1]]);
    await wire.subscribe(client, topic, 1, {}, [['subscriptionId', 2]]);
    await wire.published({ topic, payload: 'x', qos: 1 });
    await client.publish({ properties: [['subscriptionId', 2]] });
    await wire.subscribe(client, topic, 1);
    await wire.published({ topic, payload: 'y', qos: 1 });
    await client.publish({ payload: 'y', properties: [] });
  });

  it('belongs to the session (§3.8.2.1.2)', async () => {
    const topic = wire.name('identifier');
    const clientId = wire.name('session');
    const first = await wire.lasting(clientId);
    await wire.subscribe(first, topic, 1, {}, [['subscriptionId', 300]]);
    first.send(disconnect5());
    await first.raw.expectClose();
    await wire.published({ topic, payload: 'x', qos: 1 });
    const again = await wire.lasting(clientId, true);
    const packet = await again.publish({ payload: 'x', properties: [['subscriptionId', 300]] });
    again.send(ack5('puback', packet.id));
    await wire.published({ topic, payload: 'y', qos: 1 });
    await again.publish({ payload: 'y', properties: [['subscriptionId', 300]] });
  });

  const wrong = [
    ['0', subscribe5(1, [['a', 1]], [['subscriptionId', 0]])],
    [
      'twice',
      subscribe5(
        1,
        [['a', 1]],
        [
          ['subscriptionId', 1],
          ['subscriptionId', 2],
        ],
      ),
    ],
  ] as const;
  for (const [what, packet] of wrong) {
    it(`is a protocol error when it comes ${what} (§3.8.2.1.2)`, async () => {
      const client = await wire.connected();
      client.send(packet);
      await client.disconnected(0x82);
    });
  }

  it('may not come in a PUBLISH of a client [MQTT-3.3.4-6]', async function () {
    // mosquitto 2.0.11 lets it pass.
    if (isMosquitto) this.skip();
    const client = await wire.connected();
    client.send('30 07 00 01 61 02 0b 01 78');
    await client.disconnected(0x82, 0x81);
  });
});
