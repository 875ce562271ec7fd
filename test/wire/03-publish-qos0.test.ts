import { publish } from '../helpers/packets.ts';
import { useWire } from './wire.ts';

describe('wire: 03 PUBLISH at QoS 0', () => {
  const wire = useWire();

  it('is delivered to a subscriber, byte for byte, and answered with nothing [MQTT-4.3.1-1] [MQTT-2.3.1-5] [MQTT-3.3.2-1] [MQTT-3.3.4-1]', async () => {
    const client = await wire.connected();
    client.send('82 0b 00 01 00 06 71 6f 73 30 2f 61 00');
    await client.expect('90 03 00 01 00');
    const sender = await wire.connected();
    sender.send('30 0d 00 06 71 6f 73 30 2f 61 68 65 6c 6c 6f');
    await client.expect('30 0d 00 06 71 6f 73 30 2f 61 68 65 6c 6c 6f');
    await sender.expectNothing(50);
  });

  it('is delivered to the publisher itself when it subscribes', async () => {
    const topic = wire.name('self');
    const client = await wire.subscribed(topic, 0);
    client.send(publish({ topic, payload: 'me' }));
    await client.expect(publish({ topic, payload: 'me' }));
  });

  it('keeps the order of one publisher and topic [MQTT-4.6.0-5] [MQTT-4.6.0-6]', async () => {
    const topic = wire.name('order');
    const client = await wire.subscribed(topic, 0);
    const sender = await wire.connected();
    const packets = Array.from({ length: 500 }, (_, i) => publish({ topic, payload: String(i) }));
    sender.send(...packets);
    await client.expect(...packets);
  });

  it('takes empty payloads and payloads of any bytes', async () => {
    const topic = wire.name('any');
    const client = await wire.subscribed(topic, 0);
    const every = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
    for (const payload of [Buffer.alloc(0), Buffer.from([0]), every, Buffer.alloc(70_000, 0xab)]) {
      client.send(publish({ topic, payload }));
      await client.expect(publish({ topic, payload }));
    }
  });

  it('reaches every subscriber once', async () => {
    const topic = wire.name('fan');
    const clients = await Promise.all(Array.from({ length: 20 }, () => wire.subscribed(topic, 0)));
    const sender = await wire.connected();
    sender.send(publish({ topic, payload: 'a' }), publish({ topic, payload: 'b' }));
    for (const client of clients) {
      await client.expect(publish({ topic, payload: 'a' }), publish({ topic, payload: 'b' }));
    }
    for (const client of clients) await client.expectNothing(5);
  });
});
