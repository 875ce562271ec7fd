import { expect } from 'chai';
import { uint16 } from '../helpers/packets.ts';
import { ack5, publish5 } from '../helpers/packets5.ts';
import { useWire5 } from './wire5.ts';

describe('wire5: 04 QoS 1', () => {
  const wire = useWire5();

  it('the server gives each message an identifier that is not in use [MQTT-2.2.1-4] [MQTT-4.3.2-1]', async () => {
    const topic = wire.name('ids');
    const client = await wire.subscribed(topic, 1);
    const sent = Array.from({ length: 12 }, (_, i) => {
      return { topic, payload: String(i), qos: 1 } as const;
    });
    await wire.published(...sent.slice(0, 6));
    const inFlight = new Set<number>();
    for (let i = 0; i < 6; i++) {
      const { id } = await client.publish({ payload: String(i), qos: 1, dup: false });
      expect(id).to.be.above(0);
      expect(inFlight).to.not.include(id);
      inFlight.add(id);
    }
    // Those in the middle are free again.
    for (const id of [...inFlight].slice(2, 5)) {
      client.send(ack5('puback', id));
      inFlight.delete(id);
    }
    await wire.published(...sent.slice(6));
    for (let i = 6; i < 12; i++) {
      const { id } = await client.publish({ payload: String(i), qos: 1, dup: false });
      expect(id).to.be.above(0);
      expect(inFlight).to.not.include(id);
      inFlight.add(id);
    }
  });

  it('PUBACK has the identifier of its PUBLISH, which has been taken over [MQTT-4.3.2-4]', async () => {
    const topic = wire.name('ack');
    const receiver = await wire.subscribed(topic, 1);
    const client = await wire.connected();
    for (const id of [1, 0x0100, 65_535]) {
      client.send(publish5({ topic, payload: String(id), qos: 1, id }));
      await client.raw.expect(Buffer.concat([Buffer.from([0x40, 2]), uint16(id)]));
      await receiver.publish({ topic, payload: String(id), qos: 1 });
    }
  });

  it('after PUBACK its identifier is that of a new message, whatever DUP says [MQTT-4.3.2-5]', async () => {
    const topic = wire.name('new');
    const receiver = await wire.subscribed(topic, 1);
    const client = await wire.connected();
    for (const dup of [false, true, true, false]) {
      client.send(publish5({ topic, payload: 'same', qos: 1, id: 5, dup }));
      await client.ack('puback', 5);
      await receiver.publish({ payload: 'same', qos: 1 });
    }
  });

  for (const qos of [1, 2] as const) {
    it(`DUP of a publisher does not reach subscribers, QoS ${qos} [MQTT-3.3.1-3]`, async () => {
      const topic = wire.name('dup');
      const receivers = [
        await wire.subscribed(topic, 0),
        await wire.subscribed(topic, 1),
        await wire.subscribed(topic, 2),
      ];
      const client = await wire.connected();
      await wire.publishBy(client, { topic, payload: 'again', qos, dup: true });
      for (const receiver of receivers) await receiver.publish({ payload: 'again', dup: false });
    });
  }

  it('a message that is not acknowledged comes again with the next connection alone [MQTT-4.3.2-3] [MQTT-4.4.0-1]', async () => {
    const topic = wire.name('again');
    const clientId = wire.name('session');
    const client = await wire.lasting(clientId);
    await wire.subscribe(client, topic, 1);
    await wire.published({ topic, payload: 'x', qos: 1 });
    const { id } = await client.publish({ payload: 'x', dup: false });
    await client.raw.expectNothing(300);
    await client.raw.drop();
    const again = await wire.lasting(clientId, true);
    await again.publish({ payload: 'x', dup: true, id });
    again.send(ack5('puback', id));
    await again.ping();
    await again.raw.drop();
    const third = await wire.lasting(clientId, true);
    await third.raw.expectNothing(50);
  });
});
