import { expect } from 'chai';
import { frame, hex } from '../helpers/packets.ts';
import { ack5, disconnect5, publish5, subscribe5 } from '../helpers/packets5.ts';
import { numberOf } from '../helpers/properties5.ts';
import { isMosquitto } from '../helpers/start-broker.ts';
import { useWire5 } from './wire5.ts';

const LIMIT = 120;

/** A payload that makes the PUBLISH packet of this QoS, without properties, exactly `bytes` long. */
function payloadFor(topic: string, qos: 0 | 1 | 2, bytes: number): string {
  const emptyLength = publish5({ topic, qos, id: 1 }).length;
  // From 128 bytes on the remaining length has two.
  return 'x'.repeat(bytes - emptyLength - (bytes - 2 > 127 ? 1 : 0));
}

describe('wire5: 03 maximum packet size of the client', () => {
  const wire = useWire5();

  for (const qos of [0, 1, 2] as const) {
    it(`a packet of exactly the maximum comes, a larger one does not, QoS ${qos} [MQTT-3.1.2-24] [MQTT-3.1.2-25]`, async function () {
      // mosquitto 2.0.11 counts without the fixed header.
      if (isMosquitto) this.skip();
      const topic = wire.name('size');
      const client = await wire.subscribed(topic, qos, {
        properties: [['maximumPacketSize', LIMIT]],
      });
      const fits = payloadFor(topic, qos, LIMIT);
      await wire.published(
        { topic, payload: `${fits}y`, qos },
        { topic, payload: fits, qos },
        { topic, payload: `${fits}${fits}`, qos },
        { topic, payload: 'end', qos },
      );
      const packet = await client.publish({ payload: fits, qos });
      if (qos === 1) client.send(ack5('puback', packet.id));
      await client.publish({ payload: 'end', qos });
      await client.raw.expectNothing(50);
    });
  }

  it('counts the properties [MQTT-3.1.2-24]', async () => {
    const topic = wire.name('size');
    const client = await wire.subscribed(topic, 1, { properties: [['maximumPacketSize', LIMIT]] });
    await wire.published(
      { topic, payload: 'x', qos: 1, properties: [['user', ['k', 'v'.repeat(LIMIT)]]] },
      { topic, payload: 'end', qos: 1 },
    );
    await client.publish({ payload: 'end' });
  });

  it('a message dropped for one client reaches the others and counts as delivered for it [MQTT-3.1.2-25]', async function () {
    // With mosquitto 2.0.11 it stays in the window.
    if (isMosquitto) this.skip();
    const topic = wire.name('size');
    const clientId = wire.name('session');
    const small = await wire.lasting(clientId, false, [['maximumPacketSize', LIMIT]]);
    await wire.subscribe(small, topic, 1);
    const large = await wire.subscribed(topic, 1);
    const old = await wire.v4.subscribed(topic, 1);
    const payload = 'x'.repeat(LIMIT);
    // More than the window holds: dropped messages must not fill it.
    const count = wire.v4.broker.options.maxInflight + 5;
    for (let i = 0; i < count; i++) await wire.published({ topic, payload, qos: 1 });
    await wire.published({ topic, payload: 'end', qos: 1 });
    await small.publish({ payload: 'end' });
    await large.publish({ payload });
    expect((await old.readPublish()).payload.toString()).to.equal(payload);
    small.send(disconnect5());
    await small.raw.expectClose();
  });

  it('holds for what waited as well [MQTT-3.1.2-24]', async () => {
    const topic = wire.name('size');
    const clientId = wire.name('session');
    const first = await wire.lasting(clientId);
    await wire.subscribe(first, topic, 1);
    await first.raw.drop();
    await wire.published(
      { topic, payload: 'x'.repeat(LIMIT), qos: 1 },
      { topic, payload: 'small', qos: 1 },
    );
    const again = await wire.lasting(clientId, true, [['maximumPacketSize', LIMIT]]);
    await again.publish({ payload: 'small' });
    await again.raw.expectNothing(50);
  });

  it('a SUBACK that fits is sent to a client with a small maximum', async () => {
    const client = await wire.connected({ properties: [['maximumPacketSize', 40]] });
    client.send(subscribe5(1, [['a', 1]]));
    await client.suback(1, 1);
  });
});

const SERVER_LIMIT = 2_000;

describe('wire5: 03 maximum packet size of the server', () => {
  const wire = useWire5({ maxPacketBytes: SERVER_LIMIT });

  it('is announced, and a packet of that size is served', async () => {
    const topic = wire.name('size');
    const client = await wire.subscribed(topic, 0);
    expect(numberOf(client.connack.properties, 'maximumPacketSize')).to.equal(SERVER_LIMIT);
    const payload = payloadFor(topic, 0, SERVER_LIMIT);
    await wire.published({ topic, payload });
    await client.publish({ payload });
  });

  it('a larger packet is answered with DISCONNECT 0x95 at its fixed header (§3.2.2.3.6)', async () => {
    const client = await wire.connected();
    client.send(frame(0x30, Buffer.alloc(SERVER_LIMIT)).subarray(0, isMosquitto ? undefined : 3));
    await client.disconnected(0x95);
  });

  it('holds for every packet', async () => {
    for (const first of ['82', 'a2', 'e0']) {
      const client = await wire.connected();
      client.send(hex(`${first} ff ff ff 7f`));
      await client.disconnected(0x95);
    }
  });
});
