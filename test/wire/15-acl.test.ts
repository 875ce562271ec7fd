import { isMosquitto } from '../helpers/start-broker.ts';
import {
  connect,
  PINGREQ,
  PINGRESP,
  puback,
  pubcomp,
  publish,
  pubrec,
  pubrel,
  type QoS,
  suback,
  subscribe,
} from '../helpers/packets.ts';
import { ACL } from './acl.ts';
import { useWire } from './wire.ts';

describe('wire: 15 access control list', function () {
  // mosquitto takes it by another option.
  if (isMosquitto) return;
  const wire = useWire(ACL);

  it('SUBACK has 0x80 for the filter that is denied, and only for it [MQTT-3.8.4-5] [MQTT-3.9.3-2]', async () => {
    const client = await wire.connected();
    client.send(subscribe(4, ['acl/a', 1], ['acl/nosubscribe', 1], ['acl/b', 2], ['other/#', 0]));
    await client.expect(suback(4, 1, 0x80, 2, 0x80));
  });

  for (const qos of [0, 1, 2] as const) {
    it(`a PUBLISH that is denied closes the connection, QoS ${qos} [MQTT-3.3.5-2]`, async () => {
      const client = await wire.connected();
      client.send(publish({ topic: 'acl-out/x', payload: 'x', qos, id: 3 }));
      await client.expectClose();
    });

    it(`a wider subscription brings what is allowed and nothing else, QoS ${qos}`, async () => {
      const client = await wire.connected({ clientId: wire.name('wide') });
      client.send(subscribe(1, ['#', qos]));
      await client.expect(suback(1, qos));
      const topic = wire.name('acl/');
      const sender = await wire.connected({ username: 'alice' });
      sender.send(publish({ topic: 'acl/secret', payload: 'no', qos, id: 1 }));
      sender.send(publish({ topic: 'elsewhere', payload: 'no', qos, id: 2 }));
      sender.send(publish({ topic, payload: 'yes', qos, id: 3 }));
      await client.expect(publish({ topic, payload: 'yes', qos, id: 1 }));
      if (qos === 1) client.send(puback(1));
      if (qos === 2) {
        client.send(pubrec(1));
        await client.expect(pubrel(1));
        client.send(pubcomp(1));
        await client.expectNothing(50);
      }
      await client.expectNothing(100);
    });
  }

  it('a denied topic is not sent from among the retained ones', async () => {
    const sender = await wire.connected({ username: 'alice' });
    const topic = wire.name('acl/retained/');
    sender.send(publish({ topic: 'acl/secret', payload: 'no', qos: 1, id: 1, retain: true }));
    sender.send(publish({ topic, payload: 'yes', qos: 1, id: 2, retain: true }));
    await sender.expect(puback(1), puback(2));
    const client = await wire.connected();
    client.send(subscribe(1, ['acl/#', 0]));
    await client.expect(suback(1, 0), publish({ topic, payload: 'yes', qos: 0, retain: true }));
    client.send(PINGREQ);
    await client.expect(PINGRESP);
    sender.send(publish({ topic: 'acl/secret', payload: '', qos: 1, id: 3, retain: true }));
    sender.send(publish({ topic, payload: '', qos: 1, id: 4, retain: true }));
    await sender.expect(puback(3), puback(4));
  });

  it('reading and writing are two things', async () => {
    const client = await wire.connected();
    client.send(subscribe(1, ['acl-in/x', 0], ['acl-out/x', 0]));
    await client.expect(suback(1, 0x80, 0));
    client.send(publish({ topic: 'acl-in/x', payload: 'x', qos: 1, id: 1 }));
    await client.expect(puback(1));
  });

  it('%c is the client identifier', async () => {
    const clientId = wire.name('own');
    const client = await wire.connected({ clientId });
    client.send(subscribe(1, [`acl-own/${clientId}/a`, 0], ['acl-own/another/a', 0]));
    await client.expect(suback(1, 0, 0x80));
  });

  it('what a stored session is sent is up to who resumes it', async () => {
    const clientId = wire.name('resumed');
    const session = { clientId, clean: false };
    const qos: QoS = 1;
    const before = await wire.connected({ ...session, username: 'alice' });
    before.send(subscribe(1, ['acl/secret', qos], ['acl/open', qos]));
    await before.expect(suback(1, qos, qos));
    await before.drop();
    const sender = await wire.connected({ username: 'alice' });
    sender.send(publish({ topic: 'acl/secret', payload: 'no', qos, id: 1 }));
    sender.send(publish({ topic: 'acl/open', payload: 'yes', qos, id: 2 }));
    await sender.expect(puback(1), puback(2));
    const after = await wire.connected(session, true);
    await after.expect(publish({ topic: 'acl/open', payload: 'yes', qos, id: 1 }));
    after.send(puback(1));
    await after.expectNothing(100);
  });

  it('a will that is denied refuses the connection with 5', async () => {
    const client = await wire.open();
    client.send(
      connect({ clientId: wire.name('will'), will: { topic: 'acl-out/w', payload: 'w', qos: 0 } }),
    );
    await client.expect('20 02 00 05');
    await client.expectClose();
  });
});
