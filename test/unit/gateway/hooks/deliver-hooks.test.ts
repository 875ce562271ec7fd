import { expect } from 'chai';
import type { GatewayHooks } from '../../../../src/gateway/hooks/gateway-hooks.ts';
import { DROP } from '../../../../src/gateway/hooks/verdict.ts';
import { publish, pubrec } from '../../../helpers/packets.ts';
import { publish5, subscribe5, type Publish5 } from '../../../helpers/packets5.ts';
import { allOf, textOf } from '../../../helpers/properties5.ts';
import { connected5, subscribed5 } from '../fake-client5.ts';
import { World } from '../gateway-world.ts';

/** Writes the subscriber's name behind the payload; drops what says so, or is to be dropped for it. */
const addressed: GatewayHooks = {
  onDeliver(message, { clientId }) {
    const text = message.payload.toString();
    if (text === `not for ${clientId}`) return DROP;
    if (text === 'throw') throw new Error('out of order');
    if (text !== 'as it is') message.payload = Buffer.from(`${text} for ${clientId}`);
    return undefined;
  },
};

function texts(packets: readonly { readonly payload: Buffer }[]): string[] {
  return packets.map(({ payload }) => payload.toString());
}

const FIVE = ['1', '2', 'not for a', 'as it is', '3'];

describe('gateway hooks: deliver', () => {
  for (const qos of [0, 1, 2] as const) {
    it(`each subscriber gets its own, in order: QoS ${String(qos)} of 3.1.1 and 5.0`, async () => {
      const world = new World({ hooks: [addressed] });
      const a = await world.subscribed({ clientId: 'a', clean: false }, ['t', qos]);
      const b = await subscribed5(world, { clientId: 'b' }, 't', qos);
      const client = await world.connected({ clientId: 'p' });
      await client.exchange(
        ...FIVE.map((payload, i) => publish({ topic: 't', qos, id: i + 1, payload })),
      );
      expect(texts(await a.publishes())).to.deep.equal([
        '1 for a',
        '2 for a',
        'as it is',
        '3 for a',
      ]);
      expect(texts(await b.publishes())).to.deep.equal([
        '1 for b',
        '2 for b',
        'not for a for b',
        'as it is',
        '3 for b',
      ]);
      expect(world.stats.messagesDroppedByHooks).to.equal(1);
      expect(world.stats.messagesSent).to.equal(9);
    });
  }

  it('a message that is dropped for a subscriber holds nothing up, and does not come again', async () => {
    const world = new World({ hooks: [addressed] });
    const fields = { clientId: 'a', clean: false };
    const a = await world.subscribed(fields, ['t', 2]);
    const client = await world.connected({ clientId: 'p' });
    for (const qos of [1, 2] as const) {
      await client.exchange(publish({ topic: 't', qos, id: 1, payload: 'not for a' }));
      await client.exchange(publish({ topic: 't', qos, id: 2, payload: qos.toString() }));
    }
    const received = await a.publishes();
    expect(texts(received)).to.deep.equal(['1 for a', '2 for a']);
    await a.exchange(pubrec(received[1]!.id));
    await a.lose();
    const again = await world.connected(fields);
    expect(texts(await again.publishes())).to.deep.equal(['1 for a']);
    expect(again.sessionPresent).to.equal(true);
  });

  it('a hook that throws drops the message for that subscriber, and is counted', async () => {
    const world = new World({ hooks: [addressed] });
    const a = await world.subscribed({ clientId: 'a' }, ['t', 1]);
    const client = await world.connected({ clientId: 'p' });
    const answers = await client.exchange(
      publish({ topic: 't', qos: 1, id: 1, payload: 'throw' }),
      publish({ topic: 't', payload: 'throw' }),
      publish({ topic: 't', qos: 1, id: 2, payload: '1' }),
    );
    expect(answers.map(({ type }) => type)).to.deep.equal(['puback', 'puback']);
    expect(texts(await a.publishes())).to.deep.equal(['1 for a']);
    expect(world.stats.hookErrors).to.equal(2);
    expect(world.stats.messagesDroppedByHooks).to.equal(2);
    expect(a.closed).to.equal(false);
  });

  it('retained messages of a new subscription are seen, with RETAIN, and keep the identifier [MQTT-3.3.4-3]', async () => {
    const retained: boolean[] = [];
    const hook: GatewayHooks = {
      onDeliver(message, client) {
        retained.push(message.retain);
        message.payload = Buffer.from(`${message.payload.toString()} for ${client.clientId}`);
        message.properties = { ...message.properties, contentType: 'text/plain' };
      },
    };
    const world = new World({ hooks: [hook] });
    const client = await connected5(world, { clientId: 'p' });
    await client.exchange(
      publish5({ topic: 't/0', payload: 'q0', retain: true }),
      publish5({
        topic: 't/1',
        qos: 1,
        id: 1,
        payload: 'q1',
        retain: true,
        properties: [['user', ['k', 'v']]],
      }),
    );
    const a = await connected5(world, { clientId: 'a' });
    const packets = await a.exchange(subscribe5(1, [['t/#', 1]], [['subscriptionId', 9]]));
    const found = packets.filter((packet): packet is Publish5 => packet.type === 'publish');
    expect(texts(found)).to.have.members(['q0 for a', 'q1 for a']);
    for (const { retain, properties } of found) {
      expect(retain).to.equal(true);
      expect(textOf(properties, 'contentType')).to.equal('text/plain');
      expect(allOf(properties, 'subscriptionId')).to.deep.equal([9]);
    }
    expect(allOf(found.find(({ qos }) => qos === 1)!.properties, 'user')).to.deep.equal([
      ['k', 'v'],
    ]);
    expect(retained).to.deep.equal([true, true]);
  });

  it('a message that a hook makes larger than the client takes is not sent [MQTT5-3.1.2-24]', async () => {
    const hook: GatewayHooks = {
      onDeliver(message) {
        message.payload = Buffer.alloc(200);
      },
    };
    const world = new World({ hooks: [hook] });
    for (const qos of [0, 1] as const) {
      const a = await subscribed5(
        world,
        { clientId: 'a', properties: [['maximumPacketSize', 100]] },
        't',
        qos,
      );
      const client = await world.connected({ clientId: 'p' });
      await client.exchange(publish({ topic: 't', qos, id: 1, payload: 'x' }));
      expect(await a.publishes()).to.deep.equal([]);
      expect(a.closed).to.equal(false);
      await a.lose();
    }
    expect(world.stats.messagesTooLarge).to.equal(2);
  });

  it('members of a shared subscription: what is dropped for one goes to another', async () => {
    const world = new World({ hooks: [addressed] });
    const a = await world.subscribed({ clientId: 'a' }, ['$share/g/t', 1]);
    const b = await world.subscribed({ clientId: 'b' }, ['$share/g/t', 1]);
    const client = await world.connected({ clientId: 'p' });
    for (const id of [1, 2, 3, 4]) {
      await client.exchange(publish({ topic: 't', qos: 1, id, payload: 'not for a' }));
    }
    expect(await a.publishes()).to.deep.equal([]);
    expect(texts(await b.publishes())).to.deep.equal(new Array<string>(4).fill('not for a for b'));
  });

  it('messages published from inside are seen; publish hooks are not asked', async () => {
    let asked = 0;
    const hook: GatewayHooks = {
      onPublish() {
        asked++;
      },
    };
    const world = new World({ hooks: [hook, addressed] });
    const a = await world.subscribed({ clientId: 'a' }, ['t', 1]);
    for (const qos of [0, 1] as const) {
      world.context.publisher.publish(
        {
          topic: 't',
          payload: Buffer.from(String(qos)),
          qos,
          retain: false,
          expirySeconds: undefined,
          properties: Buffer.alloc(0),
        },
        '',
      );
    }
    expect(texts(await a.publishes())).to.deep.equal(['0 for a', '1 for a']);
    expect(asked).to.equal(0);
  });
});
