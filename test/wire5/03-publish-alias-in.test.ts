import { expect } from 'chai';
import { ack5, publish5 } from '../helpers/packets5.ts';
import { numberOf } from '../helpers/properties5.ts';
import type { Client5 } from './client5.ts';
import { useWire5 } from './wire5.ts';

const INVALID = 0x94;

describe('wire5: 03 topic aliases of a client', () => {
  const wire = useWire5();

  function maximum(client: Client5): number {
    const value = numberOf(client.connack.properties, 'topicAliasMaximum') ?? 0;
    expect(value).to.be.above(1);
    return value;
  }

  function aliased(topic: string, alias: number, payload = 'x'): Buffer {
    return publish5({ topic, payload, qos: 1, properties: [['topicAlias', alias]] });
  }

  it('stand for the topic they were sent with, up to the maximum [MQTT-3.3.2-12]', async () => {
    const own = wire.name('alias');
    const receiver = await wire.subscribed(`${own}/#`, 1);
    const sender = await wire.connected();
    const last = maximum(sender);
    sender.send(
      aliased(`${own}/a`, 1),
      aliased(`${own}/b`, last),
      aliased('', 1),
      aliased('', last),
    );
    for (let i = 0; i < 4; i++) await sender.accepted('puback', 1);
    for (const topic of ['a', 'b', 'a', 'b']) await receiver.publish({ topic: `${own}/${topic}` });
  });

  it('can be given to another topic (§3.3.2.3.4)', async () => {
    const own = wire.name('alias');
    const receiver = await wire.subscribed(`${own}/#`, 1);
    const sender = await wire.connected();
    sender.send(aliased(`${own}/a`, 1), aliased('', 1), aliased(`${own}/b`, 1), aliased('', 1));
    for (let i = 0; i < 4; i++) await sender.accepted('puback', 1);
    for (const topic of ['a', 'a', 'b', 'b']) await receiver.publish({ topic: `${own}/${topic}` });
  });

  it('work at every QoS and with other properties, and a topic without alias in between', async () => {
    const own = wire.name('alias');
    const receiver = await wire.subscribed(`${own}/#`, 2);
    const sender = await wire.connected();
    const user = ['user', ['k', 'v']] as const;
    sender.send(
      publish5({ topic: `${own}/a`, payload: '1', properties: [user, ['topicAlias', 1]] }),
      publish5({ topic: `${own}/b`, payload: '2' }),
      publish5({ topic: '', payload: '3', qos: 2, id: 1, properties: [['topicAlias', 1], user] }),
    );
    await sender.accepted('pubrec', 1);
    sender.send(ack5('pubrel', 1));
    await sender.ack('pubcomp', 1);
    await receiver.publish({ topic: `${own}/a`, payload: '1', properties: [user] });
    await receiver.publish({ topic: `${own}/b`, payload: '2', properties: [] });
    await receiver.publish({ topic: `${own}/a`, payload: '3', qos: 2, properties: [user] });
  });

  it('are those of one connection only [MQTT-3.3.2-7]', async () => {
    const topic = wire.name('alias');
    const clientId = wire.name('session');
    const first = await wire.lasting(clientId);
    first.send(aliased(topic, 1));
    await first.accepted('puback', 1);
    await first.raw.drop();
    const again = await wire.lasting(clientId, true);
    again.send(aliased('', 1));
    await again.disconnected(INVALID, 0x82);
  });

  const wrong = [
    ['0 [MQTT-3.3.2-8]', (): Buffer => aliased('a', 0)],
    [
      'above the maximum [MQTT-3.3.2-9]',
      (client: Client5): Buffer => aliased('a', maximum(client) + 1),
    ],
    ['65,535', (): Buffer => aliased('a', 65_535)],
  ] as const;
  for (const [what, packet] of wrong) {
    it(`are answered with DISCONNECT 0x94: ${what}`, async () => {
      const client = await wire.connected();
      client.send(packet(client));
      await client.disconnected(INVALID);
    });
  }

  it('are answered with DISCONNECT 0x94 or 0x82: one that was never set (§3.3.4)', async () => {
    const client = await wire.connected();
    client.send(aliased('', 1));
    await client.disconnected(INVALID, 0x82);
  });

  it('are answered with DISCONNECT 0x82: neither topic nor alias [MQTT-4.7.3-1] (§3.3.2.1)', async () => {
    const client = await wire.connected();
    client.send(publish5({ topic: '', payload: 'x' }));
    await client.disconnected(0x82);
  });
});
