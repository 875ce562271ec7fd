import { expect } from 'chai';
import sinon from 'sinon';
import type { Logger } from '../../../../src/common/logger.ts';
import type { GatewayHooks } from '../../../../src/gateway/hooks/gateway-hooks.ts';
import { DROP, refuse } from '../../../../src/gateway/hooks/verdict.ts';
import { publish, pubrel } from '../../../helpers/packets.ts';
import {
  ack5,
  publish5,
  subscribe5,
  type Packet5,
  type Publish5,
} from '../../../helpers/packets5.ts';
import { allOf, textOf } from '../../../helpers/properties5.ts';
import { connected5, subscribed5 } from '../fake-client5.ts';
import { World } from '../gateway-world.ts';

/** Answers on what the payload says: refuse, drop, throw, change. */
const byPayload: GatewayHooks = {
  name: 'by payload',
  onPublish(message) {
    const text = message.payload.toString();
    if (text === 'refuse') return refuse(0x97);
    if (text === 'drop') return DROP;
    if (text === 'throw') throw new Error('out of order');
    if (text === 'change') message.payload = Buffer.from('changed');
    return undefined;
  },
};

function acks(packets: readonly Packet5[]): string[] {
  return packets.flatMap((packet) =>
    packet.type === 'puback' || packet.type === 'pubrec' || packet.type === 'pubcomp'
      ? [`${packet.type} ${String(packet.id)} 0x${packet.code.toString(16)}`]
      : [],
  );
}

function texts(packets: readonly { readonly payload: Buffer }[]): string[] {
  return packets.map(({ payload }) => payload.toString());
}

describe('gateway hooks: publish', () => {
  it('a refused message is answered by its code in MQTT 5, and the connection goes on', async () => {
    const world = new World({ hooks: [byPayload] });
    const subscriber = await subscribed5(world, { clientId: 's' }, 'a', 1);
    const client = await connected5(world);
    const answers = await client.exchange(
      publish5({ topic: 'a', qos: 1, id: 1, payload: 'refuse' }),
      publish5({ topic: 'a', qos: 2, id: 2, payload: 'refuse' }),
      publish5({ topic: 'a', qos: 0, payload: 'refuse' }),
      publish5({ topic: 'a', qos: 1, id: 3, payload: 'good' }),
    );
    expect(acks(answers)).to.deep.equal(['puback 1 0x97', 'pubrec 2 0x97', 'puback 3 0x0']);
    expect(texts(await subscriber.publishes())).to.deep.equal(['good']);
    expect(world.stats.publishesRefused).to.equal(3);
    expect(world.store.stats.recordsAppended).to.equal(1);
  });

  for (const qos of [0, 1, 2] as const) {
    it(`a refused message of QoS ${String(qos)} closes a 3.1.1 connection, and is not stored`, async () => {
      const world = new World({ hooks: [byPayload] });
      const client = await world.connected();
      const answers = await client.exchange(publish({ topic: 'a', qos, id: 1, payload: 'refuse' }));
      expect(answers).to.deep.equal([]);
      expect(client.closed).to.equal(true);
      expect(world.store.stats.recordsAppended).to.equal(0);
    });
  }

  it('a code that PUBACK may not carry becomes 0x83', async () => {
    const world = new World({ hooks: [{ onPublish: () => refuse(0x8d) }] });
    const client = await connected5(world);
    const answers = await client.exchange(publish5({ topic: 'a', qos: 1, id: 1 }));
    expect(acks(answers)).to.deep.equal(['puback 1 0x83']);
  });

  it('a dropped message is acknowledged as any other, and nobody gets it', async () => {
    const world = new World({ hooks: [byPayload] });
    const subscriber = await subscribed5(world, { clientId: 's' }, 'a', 2);
    const client = await connected5(world, { properties: [['sessionExpiry', 100]] });
    const answers = await client.exchange(
      publish5({ topic: 'a', qos: 1, id: 1, payload: 'drop' }),
      publish5({ topic: 'a', qos: 2, id: 2, payload: 'drop' }),
      publish5({ topic: 'a', qos: 2, id: 2, payload: 'drop', dup: true }),
      ack5('pubrel', 2),
      publish5({ topic: 'a', qos: 0, payload: 'drop' }),
    );
    expect(acks(answers)).to.deep.equal([
      'puback 1 0x0',
      'pubrec 2 0x0',
      'pubrec 2 0x0',
      'pubcomp 2 0x0',
    ]);
    expect(await subscriber.publishes()).to.deep.equal([]);
    expect(world.stats.messagesDroppedByHooks).to.equal(3);
    expect(world.store.stats.recordsAppended).to.equal(0);
  });

  it('a hook that throws refuses with 0x83, is counted, and logged once a second', async () => {
    const error = sinon.fake();
    const logger: Logger = {
      debug: sinon.fake(),
      info: sinon.fake(),
      warn: sinon.fake(),
      error,
      child: () => logger,
    };
    const world = new World({ hooks: [byPayload], logger });
    const client = await connected5(world);
    const bad = (id: number): Buffer => publish5({ topic: 'a', qos: 1, id, payload: 'throw' });
    const answers = await client.exchange(bad(1), bad(2), bad(3));
    expect(acks(answers)).to.deep.equal(['puback 1 0x83', 'puback 2 0x83', 'puback 3 0x83']);
    expect(world.stats.hookErrors).to.equal(3);
    expect(world.store.stats.recordsAppended).to.equal(0);
    expect(error.callCount).to.equal(1);
    expect(error.firstCall.args[0]).to.include({ hook: 'by payload', method: 'onPublish' });
    world.clock.advance(1000);
    await client.exchange(bad(4));
    expect(error.callCount).to.equal(2);
    expect(error.secondCall.args[0]).to.include({ times: 3 });
    const old = await world.connected({ clientId: 'old' });
    expect(
      await old.exchange(publish({ topic: 'a', qos: 1, id: 1, payload: 'throw' })),
    ).to.deep.equal([]);
    expect(old.closed).to.equal(true);
  });

  it('what is no verdict refuses: a promise, whose rejection is no crash, and anything else', async () => {
    const verdicts = [() => Promise.reject(new Error('late')), () => false, () => 'DROP'];
    const hook = { onPublish: (): unknown => verdicts.shift()!() } as unknown as GatewayHooks;
    const world = new World({ hooks: [hook] });
    const client = await connected5(world);
    const answers = await client.exchange(
      publish5({ topic: 'a', qos: 1, id: 1 }),
      publish5({ topic: 'a', qos: 1, id: 2 }),
      publish5({ topic: 'a', qos: 1, id: 3 }),
    );
    expect(acks(answers)).to.deep.equal(['puback 1 0x83', 'puback 2 0x83', 'puback 3 0x83']);
    expect(world.stats.hookErrors).to.equal(4);
  });

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

  it('hooks are asked in their order, each sees what the one before made, the first verdict ends it', async () => {
    const log: string[] = [];
    const named = (name: string): GatewayHooks => ({
      name,
      onPublish(message) {
        log.push(`${name} ${message.payload.toString()}`);
        if (message.payload.toString().includes('stop')) return DROP;
        message.payload = Buffer.concat([message.payload, Buffer.from(name)]);
        return undefined;
      },
    });
    const world = new World({ hooks: [named('1'), named('2')] });
    const subscriber = await subscribed5(world, { clientId: 's' }, 'a', 0);
    const client = await world.connected();
    await client.exchange(
      publish({ topic: 'a', payload: 'go' }),
      publish({ topic: 'a', payload: 'stop' }),
    );
    expect(log).to.deep.equal(['1 go', '2 go1', '1 stop']);
    expect(texts(await subscriber.publishes())).to.deep.equal(['go12']);
  });

  it('a repetition of QoS 2 does not reach the hooks again', async () => {
    const onPublish = sinon.fake();
    const world = new World({ hooks: [{ onPublish }] });
    const client = await world.connected();
    await client.exchange(
      publish({ topic: 'a', qos: 2, id: 5 }),
      publish({ topic: 'a', qos: 2, id: 5, dup: true }),
    );
    expect(onPublish.callCount).to.equal(1);
    await client.exchange(pubrel(5), publish({ topic: 'a', qos: 2, id: 5 }));
    expect(onPublish.callCount).to.equal(2);
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
