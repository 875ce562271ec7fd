import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { uint16 } from '../helpers/packets.ts';
import { ack5, publish5 } from '../helpers/packets5.ts';
import { isMosquitto } from '../helpers/start-broker.ts';
import { useWire5 } from './wire5.ts';

describe('wire5: 04 QoS 2', () => {
  const wire = useWire5();

  it('the server gives each message an identifier that is in use until PUBCOMP [MQTT-2.2.1-4] [MQTT-4.3.3-1]', async () => {
    const topic = wire.name('ids');
    const client = await wire.subscribed(topic, 2);
    const message = { topic, payload: 'x', qos: 2 } as const;
    await wire.published(message, message, message);
    const ids: number[] = [];
    for (let i = 0; i < 3; i++) ids.push((await client.publish({ qos: 2, dup: false })).id);
    expect(new Set(ids)).to.have.lengthOf(3);
    expect(ids).to.not.include(0);
    // PUBREC does not free it.
    client.send(...ids.map((id) => ack5('pubrec', id)));
    for (const id of ids) await client.ack('pubrel', id);
    await wire.published(message, message);
    for (let i = 0; i < 2; i++) expect(ids).to.not.include((await client.publish()).id);
  });

  it('PUBREC and PUBCOMP have the identifier of their PUBLISH, which has been taken over [MQTT-4.3.3-8] [MQTT-4.3.3-11]', async () => {
    const topic = wire.name('ack');
    const receiver = await wire.subscribed(topic, 2);
    const client = await wire.connected();
    for (const id of [1, 0x0100, 65_535]) {
      client.send(publish5({ topic, payload: String(id), qos: 2, id }));
      await client.raw.expect(Buffer.concat([Buffer.from([0x50, 2]), uint16(id)]));
      client.send(ack5('pubrel', id));
      await client.raw.expect(Buffer.concat([Buffer.from([0x70, 2]), uint16(id)]));
      await receiver.publish({ topic, payload: String(id), qos: 2 });
    }
  });

  it('after PUBCOMP its identifier is that of a new message, whatever DUP says [MQTT-4.3.3-12]', async () => {
    const topic = wire.name('new');
    const receiver = await wire.subscribed(topic, 2);
    const client = await wire.connected();
    for (const dup of [false, true, true]) {
      await wire.publishBy(client, { topic, payload: 'same', qos: 2, dup }, 9);
      await receiver.publish({ payload: 'same', qos: 2 });
    }
  });

  it('PUBREL comes again until PUBCOMP, PUBLISH does not come again after it [MQTT-4.3.3-4] [MQTT-4.3.3-5] [MQTT-4.3.3-6]', async () => {
    const topic = wire.name('release');
    const clientId = wire.name('session');
    const first = await wire.lasting(clientId);
    await wire.subscribe(first, topic, 2);
    await wire.published({ topic, payload: 'x', qos: 2 });
    const { id } = await first.publish({ qos: 2 });
    first.send(ack5('pubrec', id));
    await first.ack('pubrel', id);
    await first.raw.drop();
    for (let i = 0; i < 2; i++) {
      const again = await wire.lasting(clientId, true);
      await again.ack('pubrel', id);
      await again.raw.expectNothing(50);
      await again.raw.drop();
    }
    const last = await wire.lasting(clientId, true);
    await last.ack('pubrel', id);
    last.send(ack5('pubcomp', id));
    await last.ping();
    await last.raw.drop();
    const done = await wire.lasting(clientId, true);
    await done.raw.expectNothing(50);
  });

  it('message expiry ends neither a delivery that has begun nor an exchange with the publisher [MQTT-4.3.3-7] [MQTT-4.3.3-13]', async function () {
    // mosquitto 2.0.11 ends the delivery.
    if (isMosquitto) this.skip();
    const topic = wire.name('expiry');
    const clientId = wire.name('session');
    const first = await wire.lasting(clientId);
    await wire.subscribe(first, topic, 2);
    const properties = [['messageExpiry', 1]] as const;
    await wire.published({ topic, payload: 'short', qos: 2, properties });
    const { id } = await first.publish({ payload: 'short', qos: 2 });
    await first.raw.drop();
    const publisher = await wire.connected();
    const other = { topic: wire.name('other'), payload: 'short', qos: 2, id: 3 } as const;
    publisher.send(publish5({ ...other, properties }));
    await publisher.accepted('pubrec', 3);
    await sleep(1_300);
    publisher.send(ack5('pubrel', 3));
    await publisher.ack('pubcomp', 3);
    const again = await wire.lasting(clientId, true);
    await again.publish({ payload: 'short', qos: 2, dup: true, id });
    again.send(ack5('pubrec', id));
    await again.ack('pubrel', id);
  });
});
