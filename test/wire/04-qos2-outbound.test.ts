import { pubcomp, publish, pubrec, pubrel } from '../helpers/packets.ts';
import type { RawClient } from '../helpers/raw-client.ts';
import { useWire } from './wire.ts';

describe('wire: 04 QoS 2 to the subscriber', () => {
  const wire = useWire();

  async function publishTwo(topic: string, payload: string): Promise<void> {
    const sender = await wire.connected();
    sender.send(publish({ topic, payload, qos: 2, id: 1 }));
    await sender.expect(pubrec(1));
    sender.send(pubrel(1));
    await sender.expect(pubcomp(1));
  }

  /** A persistent session with one subscription at QoS 2. */
  async function persistent(clientId: string, topic: string): Promise<RawClient> {
    return wire.subscribed(topic, 2, { clientId, clean: false });
  }

  it('goes PUBLISH, PUBREC, PUBREL, PUBCOMP with one id [MQTT-4.3.3-1] [MQTT-3.6.1-1] [MQTT-2.3.1-6]', async () => {
    const client = await wire.connected();
    client.send('82 0b 00 01 00 06 71 6f 73 32 2f 6f 02');
    await client.expect('90 03 00 01 02');
    await publishTwo('qos2/o', 'abc');
    await client.expect('34 0d 00 06 71 6f 73 32 2f 6f 00 01 61 62 63');
    client.send('50 02 00 01');
    await client.expect('62 02 00 01');
    client.send('70 02 00 01');
    await client.expectNothing();
  });

  it('answers a repeated PUBREC with PUBREL again', async () => {
    const topic = wire.name('repeat');
    const client = await wire.subscribed(topic, 2);
    await publishTwo(topic, 'x');
    await client.expect(publish({ topic, payload: 'x', qos: 2, id: 1 }));
    client.send(pubrec(1));
    await client.expect(pubrel(1));
    client.send(pubrec(1));
    await client.expect(pubrel(1));
    client.send(pubcomp(1));
    await client.expectNothing(50);
  });

  it('sends PUBRELs in the order of the PUBRECs [MQTT-4.6.0-4]', async () => {
    const topic = wire.name('order');
    const client = await wire.subscribed(topic, 2);
    for (const payload of ['a', 'b', 'c']) await publishTwo(topic, payload);
    for (const [i, payload] of ['a', 'b', 'c'].entries()) {
      await client.expect(publish({ topic, payload, qos: 2, id: i + 1 }));
    }
    client.send(pubrec(1), pubrec(2), pubrec(3));
    await client.expect(pubrel(1), pubrel(2), pubrel(3));
    client.send(pubcomp(1), pubcomp(2), pubcomp(3));
    await publishTwo(topic, 'd');
    await client.expect(publish({ topic, payload: 'd', qos: 2, id: 4 }));
  });

  it('sends PUBLISH again with DUP and the same id when PUBREC never came [MQTT-4.4.0-1] [MQTT-3.3.1-1]', async () => {
    const topic = wire.name('resend');
    const clientId = wire.name('receiver');
    const client = await persistent(clientId, topic);
    await publishTwo(topic, 'x');
    await client.expect(publish({ topic, payload: 'x', qos: 2, id: 1 }));
    await client.drop();
    const again = await wire.connected({ clientId, clean: false }, true);
    await again.expect(publish({ topic, payload: 'x', qos: 2, id: 1, dup: true }));
    again.send(pubrec(1));
    await again.expect(pubrel(1));
    again.send(pubcomp(1));
    await again.expectNothing(50);
  });

  it('sends PUBREL, never PUBLISH, after PUBREC has come [MQTT-4.3.3-1] [MQTT-4.4.0-1]', async () => {
    const topic = wire.name('release');
    const clientId = wire.name('receiver');
    const client = await persistent(clientId, topic);
    await publishTwo(topic, 'x');
    await client.expect(publish({ topic, payload: 'x', qos: 2, id: 1 }));
    client.send(pubrec(1));
    await client.expect(pubrel(1));
    await client.drop();
    const again = await wire.connected({ clientId, clean: false }, true);
    await again.expect(pubrel(1));
    again.send(pubcomp(1));
    await again.expectNothing(50);
    await again.drop();
    const third = await wire.connected({ clientId, clean: false }, true);
    await third.expectNothing();
  });

  it('resumes several messages in their states, then goes on with new ids', async () => {
    const topic = wire.name('mixed');
    const clientId = wire.name('receiver');
    const client = await persistent(clientId, topic);
    for (const payload of ['a', 'b', 'c', 'd']) await publishTwo(topic, payload);
    for (const [i, payload] of ['a', 'b', 'c', 'd'].entries()) {
      await client.expect(publish({ topic, payload, qos: 2, id: i + 1 }));
    }
    client.send(pubrec(1), pubrec(2));
    await client.expect(pubrel(1), pubrel(2));
    client.send(pubcomp(1));
    await client.expectNothing(50);
    await client.drop();
    const again = await wire.connected({ clientId, clean: false }, true);
    await again.expect(pubrel(2));
    await again.expect(publish({ topic, payload: 'c', qos: 2, id: 3, dup: true }));
    await again.expect(publish({ topic, payload: 'd', qos: 2, id: 4, dup: true }));
    await publishTwo(topic, 'e');
    await again.expect(publish({ topic, payload: 'e', qos: 2, id: 5 }));
  });
});
