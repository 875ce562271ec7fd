import { expect } from 'chai';
import { ack5, disconnect5, publish5, unsubscribe5 } from '../helpers/packets5.ts';
import { useWire5 } from './wire5.ts';

describe('wire5: 05 a session comes back', () => {
  const wire = useWire5();

  it('with its subscriptions and what came meanwhile, in order [MQTT-3.1.2-5] [MQTT-3.2.0-1] [MQTT-4.5.0-1] [MQTT-4.6.0-6]', async () => {
    const own = wire.name('kept');
    const clientId = wire.name('session');
    const first = await wire.lasting(clientId);
    await wire.subscribe(first, `${own}/+`, 2);
    first.send(disconnect5());
    await first.raw.expectClose();
    await wire.published(
      { topic: `${own}/a`, payload: '1', qos: 1 },
      { topic: `${own}/b`, payload: '2', qos: 2 },
      { topic: `${own}/a`, payload: '3', qos: 2 },
    );
    const again = await wire.lasting(clientId, true);
    await again.publish({ topic: `${own}/a`, payload: '1', qos: 1, id: 1, dup: false });
    await again.publish({ topic: `${own}/b`, payload: '2', qos: 2, id: 2, dup: false });
    await again.publish({ topic: `${own}/a`, payload: '3', qos: 2, id: 3, dup: false });
    await again.raw.expectNothing(50);
  });

  it('with the properties of what came meanwhile, in order [MQTT-3.3.2-17] [MQTT-3.3.2-18]', async () => {
    const topic = wire.name('kept');
    const clientId = wire.name('session');
    const first = await wire.lasting(clientId);
    await wire.subscribe(first, topic, 1);
    await first.raw.drop();
    const properties = [
      ['contentType', 'text/plain'],
      ['user', ['b', '1']],
      ['user', ['a', '2']],
      ['user', ['b', '1']],
    ] as const;
    await wire.published({ topic, payload: 'x', qos: 1, properties });
    const again = await wire.lasting(clientId, true);
    const packet = await again.publish({ topic, payload: 'x' });
    expect(packet.properties).to.have.deep.members(properties);
    const users = packet.properties.filter(([name]) => name === 'user');
    expect(users.map(([, value]) => value)).to.deep.equal([
      ['b', '1'],
      ['a', '2'],
      ['b', '1'],
    ]);
  });

  it('sends unacknowledged QoS 1 and 2 again with DUP, their ids and their properties [MQTT-3.3.1-1] [MQTT-4.3.2-3] [MQTT-4.3.3-3] [MQTT-4.3.3-5] [MQTT-4.3.3-6] [MQTT-4.4.0-1]', async () => {
    const topic = wire.name('again');
    const clientId = wire.name('session');
    const first = await wire.lasting(clientId);
    await wire.subscribe(first, topic, 2);
    const properties = [['user', ['k', 'v']]] as const;
    await wire.published(
      { topic, payload: 'a', qos: 1, properties },
      { topic, payload: 'b', qos: 2, properties },
    );
    await first.publish({ payload: 'a', qos: 1, id: 1, dup: false, properties });
    await first.publish({ payload: 'b', qos: 2, id: 2, dup: false, properties });
    await first.raw.drop();
    const again = await wire.lasting(clientId, true);
    await again.publish({ payload: 'a', qos: 1, id: 1, dup: true, properties });
    await again.publish({ payload: 'b', qos: 2, id: 2, dup: true, properties });
    again.send(ack5('puback', 1), ack5('pubrec', 2));
    await again.ack('pubrel', 2);
    await again.raw.drop();
    const third = await wire.lasting(clientId, true);
    await third.ack('pubrel', 2);
    third.send(ack5('pubcomp', 2));
    await third.raw.expectNothing(50);
  });

  it('does not send again what a clean start has ended [MQTT-3.1.2-4]', async () => {
    const topic = wire.name('again');
    const clientId = wire.name('session');
    const first = await wire.lasting(clientId);
    await wire.subscribe(first, topic, 1);
    await wire.published({ topic, payload: 'a', qos: 1 });
    await first.publish({ payload: 'a' });
    await first.raw.drop();
    const again = await wire.lasting(clientId, false, [], true);
    await again.raw.expectNothing();
  });

  it('remembers the ids of QoS 2 messages that are not released [MQTT-4.3.3-10]', async () => {
    const topic = wire.name('exactly');
    const receiver = await wire.subscribed(topic, 2);
    const clientId = wire.name('session');
    const first = await wire.lasting(clientId);
    first.send(publish5({ topic, payload: 'once', qos: 2, id: 7 }));
    await first.accepted('pubrec', 7);
    await first.raw.drop();
    const again = await wire.lasting(clientId, true);
    again.send(publish5({ topic, payload: 'once', qos: 2, id: 7, dup: true }));
    await again.accepted('pubrec', 7);
    again.send(ack5('pubrel', 7));
    await again.ack('pubcomp', 7);
    await receiver.publish({ payload: 'once' });
    await receiver.raw.expectNothing(50);
  });

  it('stays unsubscribed [MQTT-3.10.4-2]', async () => {
    const topic = wire.name('left');
    const clientId = wire.name('session');
    const first = await wire.lasting(clientId);
    await wire.subscribe(first, topic, 1);
    first.send(unsubscribe5(2, [topic]));
    await first.unsuback(2, 0);
    await first.raw.drop();
    await wire.published({ topic, payload: 'x', qos: 1 });
    const again = await wire.lasting(clientId, true);
    await again.raw.expectNothing();
  });

  it('does not give QoS 0 that came meanwhile', async () => {
    const topic = wire.name('zero');
    const clientId = wire.name('session');
    const first = await wire.lasting(clientId);
    await wire.subscribe(first, topic, 1);
    await first.raw.drop();
    await wire.published({ topic, payload: '0' }, { topic, payload: '1', qos: 1 });
    const again = await wire.lasting(clientId, true);
    await again.publish({ payload: '1', qos: 1 });
    await again.raw.expectNothing(50);
  });
});
