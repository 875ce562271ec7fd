import { PINGREQ, puback, publish } from '../helpers/packets.ts';
import { useWire } from './wire.ts';

describe('wire: 03 PUBLISH at QoS 1', () => {
  const wire = useWire();

  it('is answered with PUBACK of its id and delivered at QoS 1 [MQTT-4.3.2-2] [MQTT-2.3.1-6] [MQTT-3.3.4-1]', async () => {
    const client = await wire.connected();
    client.send('82 0b 00 01 00 06 71 6f 73 31 2f 61 01');
    await client.expect('90 03 00 01 01');
    const sender = await wire.connected();
    sender.send('32 0f 00 06 71 6f 73 31 2f 61 ab cd 68 65 6c 6c 6f');
    await sender.expect('40 02 ab cd');
    await client.expect('32 0f 00 06 71 6f 73 31 2f 61 00 01 68 65 6c 6c 6f');
    client.send('40 02 00 01');
    await client.expectNothing();
  });

  it('is acknowledged without any subscriber', async () => {
    const sender = await wire.connected();
    sender.send(publish({ topic: wire.name('nobody'), payload: 'x', qos: 1, id: 65535 }));
    await sender.expect(puback(65535));
  });

  it('is acknowledged in the order in which it came [MQTT-4.6.0-2]', async () => {
    const sender = await wire.connected();
    const stem = wire.name('acks');
    const ids = Array.from({ length: 300 }, (_, i) => ((i * 7919) % 65535) + 1);
    sender.send(...ids.map((id) => publish({ topic: `${stem}/${String(id % 5)}`, qos: 1, id })));
    await sender.expect(...ids.map(puback));
  });

  it('counts a PUBLISH with a known id and DUP as one more message [MQTT-3.3.1-1]', async () => {
    const topic = wire.name('dup');
    const client = await wire.subscribed(topic, 1);
    const sender = await wire.connected();
    sender.send(publish({ topic, payload: 'x', qos: 1, id: 5 }));
    await sender.expect(puback(5));
    sender.send(publish({ topic, payload: 'x', qos: 1, id: 5, dup: true }));
    await sender.expect(puback(5));
    await client.expect(publish({ topic, payload: 'x', qos: 1, id: 1 }));
    await client.expect(publish({ topic, payload: 'x', qos: 1, id: 2 }));
  });

  it('does not hand the DUP flag of the publisher on [MQTT-3.3.1-3]', async () => {
    const topic = wire.name('dup');
    const atOne = await wire.subscribed(topic, 1);
    const atZero = await wire.subscribed(topic, 0);
    const sender = await wire.connected();
    sender.send(publish({ topic, payload: 'x', qos: 1, id: 5, dup: true }));
    await atOne.expect(publish({ topic, payload: 'x', qos: 1, id: 1, dup: false }));
    await atZero.expect(publish({ topic, payload: 'x', qos: 0, dup: false }));
  });

  it('is not sent twice on one connection, however late its PUBACK comes', async () => {
    const topic = wire.name('once');
    const client = await wire.subscribed(topic, 1);
    const sender = await wire.connected();
    sender.send(publish({ topic, payload: 'x', qos: 1, id: 1 }));
    await client.expect(publish({ topic, payload: 'x', qos: 1, id: 1 }));
    client.send(PINGREQ);
    await client.expect('d0 00');
    await client.expectNothing(400);
    client.send(puback(1));
  });
});
