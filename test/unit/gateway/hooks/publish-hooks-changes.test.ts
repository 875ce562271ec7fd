import { expect } from 'chai';
import type { GatewayHooks } from '../../../../src/gateway/hooks/gateway-hooks.ts';
import { publish } from '../../../helpers/packets.ts';
import { publish5, subscribe5, type Publish5 } from '../../../helpers/packets5.ts';
import { allOf, textOf } from '../../../helpers/properties5.ts';
import { connected5, subscribed5 } from '../fake-client5.ts';
import { World } from '../gateway-world.ts';
import { byPayload, acks, texts } from './hooks-by-payload.ts';

describe('gateway hooks: publish, what they change', () => {
  it('a changed message is what is stored, delivered live and retained, in its place in the order', async () => {
    const world = new World({ hooks: [byPayload] });
    const stored = await subscribed5(world, { clientId: 'q1' }, 'a', 1);
    const live = await subscribed5(world, { clientId: 'q0' }, 'a', 0);
    const client = await world.connected();
    for (const qos of [0, 1] as const) {
      const send = (payload: string, i: number): Buffer =>
        publish({ topic: 'a', qos, id: i, payload, retain: payload === 'change' });
      await client.exchange(...['1', '2', 'change', '3'].map((text, i) => send(text, i + 1)));
      expect(texts(await live.publishes())).to.deep.equal(['1', '2', 'changed', '3']);
      expect(texts(await stored.publishes())).to.deep.equal(['1', '2', 'changed', '3']);
    }
    const late = await connected5(world, { clientId: 'late' });
    const packets = await late.exchange(subscribe5(1, [['a', 0]]));
    const found = packets.filter((packet): packet is Publish5 => packet.type === 'publish');
    expect(texts(found)).to.deep.equal(['changed']);
    expect(found[0]!.retain).to.equal(true);
  });

  it('a hook sees all of a message, and may change all of it', async () => {
    const seen: unknown[] = [];
    const hook: GatewayHooks = {
      onPublish(message, client) {
        const { topic, qos, retain, expirySeconds, properties, origin } = message;
        seen.push({
          topic,
          qos,
          retain,
          expirySeconds,
          properties,
          origin,
          client: client.clientId,
        });
        message.topic = `to/${topic}`;
        message.qos = 1;
        message.retain = false;
        message.expirySeconds = undefined;
        message.properties = {
          contentType: 'text/plain',
          userProperties: [
            ...(properties.userProperties ?? []),
            { name: 'seen', value: 'by a hook' },
          ],
        };
      },
    };
    const world = new World({ hooks: [hook] });
    const subscriber = await subscribed5(world, { clientId: 's' }, '#', 2);
    const client = await connected5(world, { clientId: 'p' });
    const answers = await client.exchange(
      publish5({
        topic: 'a',
        qos: 2,
        id: 7,
        retain: true,
        payload: 'x',
        properties: [
          ['messageExpiry', 60],
          ['user', ['first', '1']],
          ['responseTopic', 'r'],
        ],
      }),
    );
    expect(acks(answers)).to.deep.equal(['pubrec 7 0x0']);
    expect(seen).to.deep.equal([
      {
        topic: 'a',
        qos: 2,
        retain: true,
        expirySeconds: 60,
        properties: { responseTopic: 'r', userProperties: [{ name: 'first', value: '1' }] },
        origin: 'CLIENT',
        client: 'p',
      },
    ]);
    const [delivered] = await subscriber.publishes();
    expect(delivered).to.include({ topic: 'to/a', qos: 1, retain: false });
    const { properties } = delivered!;
    expect(textOf(properties, 'contentType')).to.equal('text/plain');
    expect(textOf(properties, 'responseTopic')).to.equal(undefined);
    expect(allOf(properties, 'messageExpiry')).to.deep.equal([]);
    expect(allOf(properties, 'user')).to.deep.equal([
      ['first', '1'],
      ['seen', 'by a hook'],
    ]);
    expect(world.stats.retainedCurrent).to.equal(0);
  });

  it('a topic that a hook assigns is checked: none, or not registered, is refused', async () => {
    const topics = ['a/#', 'unknown/x', '', 'a/b'];
    const hook: GatewayHooks = {
      onPublish(message) {
        message.topic = topics.shift()!;
      },
    };
    const world = new World({ hooks: [hook], autoCreateTopic: false });
    await world.kv.put('LMQ', 'ALL_FIRST_TOPICS', 'a');
    await world.metadata.start();
    const client = await connected5(world);
    const answers = await client.exchange(
      ...[1, 2, 3, 4].map((id) => publish5({ topic: 'a', qos: 1, id })),
    );
    expect(acks(answers)).to.deep.equal([
      'puback 1 0x90',
      'puback 2 0x90',
      'puback 3 0x90',
      'puback 4 0x0',
    ]);
    expect(world.stats.hookErrors).to.equal(3);
  });

  it('what is assigned and is wrong is an error of the hook: nothing of it is stored', async () => {
    const wrong: ((message: Record<string, unknown>) => void)[] = [
      (message) => (message['payload'] = 'text'),
      (message) => (message['payload'] = Buffer.alloc(1024 * 1024 + 1)),
      (message) => (message['qos'] = 3),
      (message) => (message['retain'] = 1),
      (message) => (message['topic'] = undefined),
      (message) => (message['expirySeconds'] = -1),
      (message) => (message['properties'] = { responseTopic: 'a/+' }),
      (message) => (message['properties'] = { contentType: '\u0000' }),
      (message) => (message['properties'] = { correlationData: Buffer.alloc(65_536) }),
    ];
    const count = wrong.length;
    const hook: GatewayHooks = {
      onPublish(message) {
        wrong.shift()!(message as unknown as Record<string, unknown>);
      },
    };
    const world = new World({ hooks: [hook] });
    const client = await connected5(world);
    for (let id = 1; id <= count; id++) {
      const answers = await client.exchange(publish5({ topic: 'a', qos: 1, id }));
      expect(acks(answers)).to.deep.equal([`puback ${String(id)} 0x83`]);
    }
    expect(world.stats.hookErrors).to.equal(count);
    expect(world.store.stats.recordsAppended).to.equal(0);
  });

  it('a P2P message goes to the peer that a hook names', async () => {
    const hook: GatewayHooks = {
      onPublish(message) {
        message.topic = message.topic.replace('one', 'two');
      },
    };
    const world = new World({ hooks: [hook] });
    const one = await world.connected({ clientId: 'one' });
    const two = await world.connected({ clientId: 'two' });
    const client = await world.connected({ clientId: 'p' });
    await client.exchange(publish({ topic: 'a/p2p/one', payload: 'live' }));
    await client.exchange(publish({ topic: 'a/p2p/one', qos: 1, id: 1, payload: 'stored' }));
    expect(texts(await two.publishes())).to.deep.equal(['live', 'stored']);
    expect(await one.publishes()).to.deep.equal([]);
  });
});
