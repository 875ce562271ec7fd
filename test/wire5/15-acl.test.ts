import { expect } from 'chai';
import { publish5, subscribe5 } from '../helpers/packets5.ts';
import { isMosquitto } from '../helpers/start-broker.ts';
import { ACL } from '../wire/acl.ts';
import { useWire5 } from './wire5.ts';

describe('wire5: 15 access control list', function () {
  // mosquitto takes it by another option.
  if (isMosquitto) return;
  const wire = useWire5(ACL);

  it('SUBACK has 0x87 for the filter that is denied, and only for it [MQTT-3.8.4-5] [MQTT-3.8.4-7]', async () => {
    const client = await wire.connected();
    client.send(
      subscribe5(4, [
        ['acl/a', 1],
        ['acl/nosubscribe', 1],
        ['acl/b', 2],
      ]),
    );
    await client.suback(4, 1, 0x87, 2);
  });

  for (const [type, qos] of [
    ['puback', 1],
    ['pubrec', 2],
  ] as const) {
    it(`${type.toUpperCase()} has 0x87 for a PUBLISH that is denied, and its identifier is free again [MQTT-3.4.2-1] [MQTT-3.5.2-1] [MQTT-4.3.3-9]`, async () => {
      const client = await wire.connected();
      client.send(publish5({ topic: 'acl-out/x', payload: 'x', qos, id: 3 }));
      await client.ack(type, 3, 0x87);
      client.send(publish5({ topic: 'acl-in/x', payload: 'x', qos, id: 3 }));
      await client.accepted(type, 3);
    });
  }

  it('a PUBLISH at QoS 0 that is denied is dropped', async () => {
    const topic = `acl-out/${wire.name('x')}`;
    const subscriber = await wire.subscribed(topic, 0);
    const client = await wire.connected();
    client.send(publish5({ topic, payload: 'x' }));
    await client.ping();
    await subscriber.ping();
  });

  it('a wider subscription brings what is allowed and nothing else', async () => {
    const client = await wire.subscribed('#', 1);
    const topic = `acl/${wire.name('x')}`;
    const sender = await wire.connected({ username: 'alice' });
    await wire.publishBy(sender, { topic: 'acl/secret', payload: 'no', qos: 1 });
    await wire.publishBy(sender, { topic, payload: 'yes', qos: 1 });
    const { payload } = await client.publish({ topic });
    expect(payload.toString()).to.equal('yes');
  });

  it('a shared subscription has to be allowed as a whole', async () => {
    const client = await wire.connected();
    client.send(
      subscribe5(5, [
        ['$share/g/acl/#', 1],
        ['$share/g/acl-out/#', 1],
      ]),
    );
    await client.suback(5, 0x87, 1);
  });
});
