import { DISCONNECT, pubcomp, publish, pubrec, pubrel } from '../helpers/packets.ts';
import { isMosquitto } from '../helpers/start-broker.ts';
import { useWire } from './wire.ts';

describe('wire: 04 QoS 2 from the publisher', () => {
  const wire = useWire();

  it('goes PUBLISH, PUBREC, PUBREL, PUBCOMP with one id [MQTT-4.3.3-2] [MQTT-2.3.1-6] [MQTT-3.3.4-1]', async () => {
    const sender = await wire.connected();
    sender.send('34 0d 00 06 71 6f 73 32 2f 69 12 34 61 62 63');
    await sender.expect('50 02 12 34');
    sender.send('62 02 12 34');
    await sender.expect('70 02 12 34');
  });

  it('is delivered once when PUBLISH comes again before PUBREL [MQTT-4.3.3-2]', async () => {
    const topic = wire.name('exactly');
    const client = await wire.subscribed(topic, 0);
    const sender = await wire.connected();
    // mosquitto 2.0.11 takes the second repetition for a protocol error.
    for (const dup of isMosquitto ? [false, true] : [false, true, true]) {
      sender.send(publish({ topic, payload: 'once', qos: 2, id: 7, dup }));
      await sender.expect(pubrec(7));
    }
    sender.send(pubrel(7));
    await sender.expect(pubcomp(7));
    await client.expect(publish({ topic, payload: 'once' }));
    await client.expectNothing();
  });

  it('is delivered once when both copies come in one segment', async () => {
    const topic = wire.name('exactly');
    const client = await wire.subscribed(topic, 0);
    const sender = await wire.connected();
    const fields = { topic, payload: 'once', qos: 2, id: 7 } as const;
    sender.send(publish(fields), publish({ ...fields, dup: true }), pubrel(7));
    await sender.expect(pubrec(7), pubrec(7), pubcomp(7));
    await client.expect(publish({ topic, payload: 'once' }));
    await client.expectNothing();
  });

  it('is a new message when the id is used again after PUBCOMP [MQTT-4.3.3-2]', async () => {
    const topic = wire.name('again');
    const client = await wire.subscribed(topic, 0);
    const sender = await wire.connected();
    for (const payload of ['first', 'second']) {
      sender.send(publish({ topic, payload, qos: 2, id: 7 }));
      await sender.expect(pubrec(7));
      sender.send(pubrel(7));
      await sender.expect(pubcomp(7));
      await client.expect(publish({ topic, payload }));
    }
  });

  it('answers PUBREL again and for an unknown id with PUBCOMP', async () => {
    const sender = await wire.connected();
    sender.send(pubrel(99));
    await sender.expect(pubcomp(99));
    sender.send(pubrel(99));
    await sender.expect(pubcomp(99));
  });

  it('keeps PUBRECs in the order of the PUBLISHes and PUBCOMPs in that of the PUBRELs [MQTT-4.6.0-3] [MQTT-4.6.0-4]', async () => {
    const topic = wire.name('order');
    const sender = await wire.connected();
    const ids = [5, 3, 9, 1, 65535, 2];
    sender.send(...ids.map((id) => publish({ topic, qos: 2, id })));
    await sender.expect(...ids.map(pubrec));
    sender.send(...ids.map(pubrel));
    await sender.expect(...ids.map(pubcomp));
  });

  it('remembers an unreleased id of a persistent session over a reconnect [MQTT-4.4.0-1] [MQTT-4.3.3-2]', async () => {
    const topic = wire.name('durable');
    const clientId = wire.name('sender');
    const client = await wire.subscribed(topic, 0);
    const sender = await wire.connected({ clientId, clean: false });
    sender.send(publish({ topic, payload: 'once', qos: 2, id: 7 }));
    await sender.expect(pubrec(7));
    await sender.drop();
    const again = await wire.connected({ clientId, clean: false }, true);
    again.send(publish({ topic, payload: 'once', qos: 2, id: 7, dup: true }));
    await again.expect(pubrec(7));
    again.send(pubrel(7));
    await again.expect(pubcomp(7));
    await client.expect(publish({ topic, payload: 'once' }));
    await client.expectNothing();
    again.send(publish({ topic, payload: 'new', qos: 2, id: 7 }));
    await again.expect(pubrec(7));
    again.send(pubrel(7));
    await client.expect(publish({ topic, payload: 'new' }));
  });

  it('forgets unreleased ids with a clean session [MQTT-3.1.2-6]', async function () {
    // mosquitto delivers at PUBREL only, this gateway once the message is stored; MQTT allows both.
    if (isMosquitto) this.skip();
    const topic = wire.name('forgotten');
    const clientId = wire.name('sender');
    const client = await wire.subscribed(topic, 0);
    for (const payload of ['first', 'second']) {
      const sender = await wire.connected({ clientId });
      sender.send(publish({ topic, payload, qos: 2, id: 7 }));
      await sender.expect(pubrec(7));
      await client.expect(publish({ topic, payload }));
      sender.send(DISCONNECT);
      await sender.expectClose();
    }
  });
});
