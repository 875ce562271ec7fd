import { field, frame, uint16 } from '../helpers/packets.ts';
import { publish5, subscribe5 } from '../helpers/packets5.ts';
import { isMosquitto } from '../helpers/start-broker.ts';
import { useWire5 } from './wire5.ts';

describe('wire5: 02 subscription options', () => {
  const wire = useWire5();

  for (const qos of [0, 1, 2] as const) {
    it(`no local: its own messages do not come back, those of others do, QoS ${qos} [MQTT-3.8.3-3]`, async () => {
      const topic = wire.name('local');
      const client = await wire.subscribed(topic, qos, {}, { noLocal: true });
      client.send(publish5({ topic, payload: 'own', qos, id: 1 }));
      if (qos === 1) await client.accepted('puback', 1);
      if (qos === 2) await client.accepted('pubrec', 1);
      await client.ping();
      await wire.published({ topic, payload: 'of another', qos });
      await client.publish({ payload: 'of another', qos });
      await client.raw.expectNothing(50);
    });
  }

  it('no local 0: its own messages come back', async () => {
    const topic = wire.name('local');
    const client = await wire.subscribed(topic, 0, {}, { noLocal: false });
    client.send(publish5({ topic, payload: 'own' }));
    await client.publish({ payload: 'own' });
  });

  it('no local is about the client id, also for what waits for a session that is away [MQTT-3.8.3-3]', async () => {
    const topic = wire.name('local');
    const clientId = wire.name('session');
    const client = await wire.lasting(clientId, false, [['receiveMaximum', 1]]);
    await wire.subscribe(client, topic, 1, { noLocal: true });
    await wire.published({ topic, payload: 'fills the window', qos: 1 });
    await client.publish({ payload: 'fills the window' });
    client.send(publish5({ topic, payload: 'own', qos: 1, id: 9 }));
    await client.accepted('puback', 9);
    await wire.published({ topic, payload: 'of another', qos: 1 });
    await client.raw.drop();
    const again = await wire.lasting(clientId, true);
    await again.publish({ payload: 'fills the window', dup: true });
    await again.publish({ payload: 'of another' });
    await again.raw.expectNothing(50);
  });

  it('no local of one subscription does not touch another of the same client', async () => {
    const own = wire.name('local');
    const client = await wire.connected();
    client.send(
      subscribe5(1, [
        [`${own}/a`, 0, { noLocal: true }],
        [`${own}/b`, 0],
      ]),
    );
    await client.suback(1, 0, 0);
    client.send(
      publish5({ topic: `${own}/a`, payload: 'x' }),
      publish5({ topic: `${own}/b`, payload: 'y' }),
    );
    await client.publish({ topic: `${own}/b`, payload: 'y' });
    await client.raw.expectNothing(50);
  });

  for (const qos of [0, 1] as const) {
    it(`retain as published 0: RETAIN is 0 on live messages, QoS ${qos} [MQTT-3.3.1-12]`, async () => {
      const topic = wire.name('retain');
      const client = await wire.subscribed(topic, qos);
      await wire.published(
        { topic, payload: 'x', qos, retain: true },
        { topic, payload: 'y', qos },
      );
      await client.publish({ payload: 'x', retain: false });
      await client.publish({ payload: 'y', retain: false });
      await wire.published({ topic, retain: true });
    });

    it(`retain as published 1: RETAIN is as it was published, QoS ${qos} [MQTT-3.3.1-13]`, async () => {
      const topic = wire.name('retain');
      const client = await wire.subscribed(topic, qos, {}, { retainAsPublished: true });
      await wire.published(
        { topic, payload: 'x', qos, retain: true },
        { topic, payload: 'y', qos },
      );
      await client.publish({ payload: 'x', retain: true });
      await client.publish({ payload: 'y', retain: false });
      await wire.published({ topic, retain: true });
    });
  }

  it('are replaced by the next SUBSCRIBE of the filter [MQTT-3.8.4-3]', async function () {
    // mosquitto 2.0.11 keeps the first ones.
    if (isMosquitto) this.skip();
    const topic = wire.name('again');
    const client = await wire.subscribed(topic, 0, {}, { noLocal: true });
    await wire.subscribe(client, topic, 0, {});
    client.send(publish5({ topic, payload: 'own' }));
    await client.publish({ payload: 'own' });
    await wire.subscribe(client, topic, 0, { noLocal: true });
    client.send(publish5({ topic, payload: 'own' }));
    await client.ping();
  });

  it('belong to the session', async () => {
    const topic = wire.name('again');
    const clientId = wire.name('session');
    const first = await wire.lasting(clientId);
    await wire.subscribe(first, topic, 1, { noLocal: true, retainAsPublished: true });
    await first.raw.drop();
    const again = await wire.lasting(clientId, true);
    again.send(publish5({ topic, payload: 'own', qos: 1, id: 1 }));
    await again.accepted('puback', 1);
    await wire.published({ topic, payload: 'x', qos: 1, retain: true });
    await again.publish({ payload: 'x', retain: true });
    await wire.published({ topic, retain: true, qos: 1 });
  });

  const wrong = [
    ['QoS 3', 0x03],
    ['retain handling 3', 0x30],
    ['reserved bit 6 [MQTT-3.8.3-5]', 0x40],
    ['reserved bit 7 [MQTT-3.8.3-5]', 0x81],
  ] as const;
  for (const [what, options] of wrong) {
    it(`are answered with DISCONNECT when wrong: ${what}`, async () => {
      const client = await wire.connected();
      client.send(frame(0x82, uint16(1), Buffer.from([0]), field('a'), Buffer.from([options])));
      await client.disconnected(0x81, 0x82);
    });
  }

  it('no local on a shared subscription is a protocol error [MQTT-3.8.3-4]', async function () {
    // mosquitto 2.0.11 lets it pass.
    if (isMosquitto) this.skip();
    const client = await wire.connected();
    client.send(subscribe5(1, [['$share/group/a', 1, { noLocal: true }]]));
    await client.disconnected(0x82);
  });
});
