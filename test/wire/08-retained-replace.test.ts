import { PINGREQ, PINGRESP, publish, suback, subscribe } from '../helpers/packets.ts';
import { useWire } from './wire.ts';

describe('wire: 08 retained messages: the last one of a topic', () => {
  const wire = useWire();

  it('replaces the one before, whatever the QoS of both [MQTT-3.3.1-5] [MQTT-3.3.1-7]', async () => {
    const topic = wire.name('retained');
    const sender = await wire.connected();
    sender.send(
      publish({ topic, payload: 'one', qos: 1, id: 1, retain: true }),
      publish({ topic, payload: 'two', qos: 0, retain: true }),
    );
    await sender.expect('40 02 00 01');
    sender.send(PINGREQ);
    await sender.expect(PINGRESP);
    const client = await wire.connected();
    client.send(subscribe(1, [topic, 1]));
    await client.expect(suback(1, 1), publish({ topic, payload: 'two', retain: true }));
    await client.expectNothing(50);
  });

  it('is not replaced by a message with RETAIN 0 [MQTT-3.3.1-12]', async () => {
    const topic = wire.name('retained');
    const sender = await wire.connected();
    sender.send(
      publish({ topic, payload: 'kept', qos: 1, id: 1, retain: true }),
      publish({ topic, payload: 'passing', qos: 1, id: 2 }),
      publish({ topic, qos: 1, id: 3 }),
    );
    await sender.expect('40 02 00 01', '40 02 00 02', '40 02 00 03');
    const client = await wire.connected();
    client.send(subscribe(1, [topic, 0]));
    await client.expect(suback(1, 0), publish({ topic, payload: 'kept', retain: true }));
  });

  it('is removed by an empty one, which subscribers get like any other [MQTT-3.3.1-10] [MQTT-3.3.1-11]', async () => {
    const topic = wire.name('retained');
    const live = await wire.subscribed(topic, 1);
    const sender = await wire.connected();
    sender.send(
      publish({ topic, payload: 'kept', qos: 1, id: 1, retain: true }),
      publish({ topic, qos: 1, id: 2, retain: true }),
    );
    await sender.expect('40 02 00 01', '40 02 00 02');
    await live.expect(
      publish({ topic, payload: 'kept', qos: 1, id: 1 }),
      publish({ topic, qos: 1, id: 2 }),
    );
    const client = await wire.connected();
    client.send(subscribe(1, [topic, 1]));
    await client.expect(suback(1, 1));
    await client.expectNothing(50);
  });

  it('is there for everybody once its PUBLISH is acknowledged', async () => {
    const topic = wire.name('retained');
    const sender = await wire.connected();
    for (let i = 1; i <= 20; i++) {
      sender.send(publish({ topic, payload: String(i), qos: 1, id: i, retain: true }));
      await sender.expect(Buffer.from([0x40, 2, 0, i]));
      const client = await wire.connected();
      client.send(subscribe(1, [topic, 0]));
      await client.expect(suback(1, 0), publish({ topic, payload: String(i), retain: true }));
    }
  });
});
