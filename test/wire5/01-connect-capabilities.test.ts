import { expect } from 'chai';
import { publish5, subscribe5 } from '../helpers/packets5.ts';
import { numberOf } from '../helpers/properties5.ts';
import { useWire5 } from './wire5.ts';

describe('wire5: 01 CONNACK announces no less than the server does', () => {
  const wire = useWire5();

  it('no maximum QoS, and PUBLISH at QoS 1 and 2 is served [MQTT-3.2.2-9]', async () => {
    const topic = wire.name('able');
    const receiver = await wire.subscribed(topic, 2);
    const client = await wire.connected();
    expect(numberOf(client.connack.properties, 'maximumQos')).to.equal(undefined);
    await wire.publishBy(client, { topic, payload: 'one', qos: 1 }, 1);
    await wire.publishBy(client, { topic, payload: 'two', qos: 2 }, 2);
    await receiver.publish({ payload: 'one', qos: 1 });
    await receiver.publish({ payload: 'two', qos: 2 });
  });

  it('SUBSCRIBE may ask for QoS 0, 1 and 2, and is granted it [MQTT-3.2.2-10]', async () => {
    const own = wire.name('able');
    const client = await wire.connected();
    client.send(
      subscribe5(1, [
        [`${own}/0`, 0],
        [`${own}/1`, 1],
        [`${own}/2`, 2],
      ]),
    );
    await client.suback(1, 0, 1, 2);
  });

  for (const qos of [1, 2] as const) {
    it(`a will at QoS ${qos} is accepted, and comes at it [MQTT-3.2.2-12]`, async () => {
      const topic = wire.name('able');
      const receiver = await wire.subscribed(topic, 2);
      const client = await wire.connected({ will: { topic, payload: 'gone', qos } });
      await client.raw.drop();
      await receiver.publish({ payload: 'gone', qos });
    });
  }

  it('retained messages are available, of PUBLISH and of wills [MQTT-3.2.2-13]', async () => {
    const own = wire.name('able');
    const client = await wire.connected({
      will: { topic: `${own}/will`, payload: 'gone', retain: true },
    });
    expect(numberOf(client.connack.properties, 'retainAvailable') ?? 1).to.equal(1);
    client.send(publish5({ topic: `${own}/kept`, payload: 'kept', retain: true }));
    await client.ping();
    const watcher = await wire.subscribed(`${own}/will`, 0);
    await client.raw.drop();
    await watcher.publish({ payload: 'gone', retain: false });
    const late = await wire.connected();
    for (const [name, payload] of [
      ['will', 'gone'],
      ['kept', 'kept'],
    ] as const) {
      await wire.subscribe(late, `${own}/${name}`, 0);
      await late.publish({ topic: `${own}/${name}`, payload, retain: true });
    }
  });

  it('the acknowledge flags are 0 or 1, and nothing else [MQTT-3.2.2-1]', async () => {
    const clientId = wire.name('flags');
    for (const present of [false, true]) {
      // The decoder of the tests refuses other flags.
      const client = await wire.lasting(clientId, present);
      await client.raw.drop();
    }
  });
});
