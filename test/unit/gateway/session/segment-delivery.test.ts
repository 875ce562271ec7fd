import { expect } from 'chai';
import sinon from 'sinon';
import { publish, puback } from '../../../helpers/packets.ts';
import { ack5, publish5, type Publish5 } from '../../../helpers/packets5.ts';
import type { Properties } from '../../../helpers/properties5.ts';
import { connected5, subscribed5, type FakeClient5 } from '../fake-client5.ts';
import { World } from '../gateway-world.ts';

const LASTING = ['sessionExpiry', 1000] as const;
const USER: Properties = [
  ['user', ['b', '1']],
  ['contentType', 'x'],
  ['user', ['a', '2']],
];

function texts(packets: readonly { readonly payload: Buffer }[]): string[] {
  return packets.map(({ payload }) => payload.toString());
}

/** Publishes at QoS 1, each payload on its own. */
async function send(publisher: FakeClient5, ...payloads: readonly string[]): Promise<void> {
  await publisher.exchange(
    ...payloads.map((payload, i) => publish5({ topic: 'a/b', qos: 1, id: i + 1, payload })),
  );
}

describe('gateway: delivery of QoS 1 and 2 to MQTT 5', () => {
  it('with and without templates: properties of each form, to every subscriber the same', async () => {
    const world = new World();
    const v5: FakeClient5[] = [];
    const v4 = [];
    for (const i of [1, 2, 3]) {
      v5.push(await subscribed5(world, { clientId: `five${String(i)}` }, 'a/#', 1));
      v4.push(await world.subscribed({ clientId: `four${String(i)}` }, ['a/#', 1]));
    }
    const limited = await subscribed5(
      world,
      { clientId: 'limited', properties: [['maximumPacketSize', 4096]] },
      'a/#',
      1,
    );
    const publisher = await connected5(world, { clientId: 'p' });
    await publisher.exchange(
      publish5({ topic: 'a/b', qos: 1, id: 1, payload: '1' }),
      publish5({ topic: 'a/b', qos: 2, id: 2, payload: '2', properties: USER }),
      publish5({ topic: 'a/b', qos: 0, payload: 'live' }),
      publish5({ topic: 'a/b', qos: 1, id: 3, payload: '3', retain: true }),
    );
    for (const client of [...v5, limited]) {
      const got = (await client.publishes()).filter(({ qos }) => qos > 0);
      expect(texts(got)).to.deep.equal(['1', '2', '3']);
      expect(
        got.map(({ id, qos, retain, properties }) => ({ id, qos, retain, properties })),
      ).to.deep.equal([
        { id: 1, qos: 1, retain: false, properties: [] },
        { id: 2, qos: 1, retain: false, properties: USER },
        { id: 3, qos: 1, retain: false, properties: [] },
      ]);
    }
    for (const client of v4) {
      const got = (await client.publishes()).filter(({ qos }) => qos > 0);
      expect(texts(got)).to.deep.equal(['1', '2', '3']);
    }
  });

  it('sends what the subscription asks for: no local, RETAIN as published, identifier', async () => {
    for (const properties of [[], [LASTING]] satisfies Properties[]) {
      const world = new World();
      const options = { noLocal: true, retainAsPublished: true };
      const own = await subscribed5(world, { clientId: 'own', properties }, 'a/#', 2, options, [
        ['subscriptionId', 200],
      ]);
      const other = await connected5(world, { clientId: 'other' });
      const message = { topic: 'a/b', properties: USER, retain: true } as const;
      await own.exchange(
        publish5({ ...message, qos: 1, id: 1 }),
        publish5({ ...message, qos: 2, id: 2 }),
      );
      await other.exchange(
        publish5({ ...message, qos: 1, id: 1, payload: '1' }),
        publish5({ ...message, qos: 2, id: 2, payload: '2', retain: false }),
      );
      const got = await own.publishes();
      expect(texts(got)).to.deep.equal(['1', '2']);
      expect(got.map(({ retain }) => retain)).to.deep.equal([true, false]);
      for (const packet of got) {
        expect(packet.properties).to.deep.equal([['subscriptionId', 200], ...USER]);
      }
      await own.exchange(ack5('puback', got[0]!.id), ack5('pubrec', got[1]!.id));
      // Subscribed again without them: what comes from now on is plain.
      await own.exchange(ack5('pubcomp', got[1]!.id));
      await own.subscribe('a/#', 2, { retainHandling: 2 });
      await other.exchange(publish5({ ...message, qos: 1, id: 3, payload: '3' }));
      const [plain] = await own.publishes();
      expect(plain).to.deep.include({ retain: false, properties: USER });
    }
  });

  it('counts the message expiry down, and drops what has expired [MQTT-3.3.2-5] [MQTT-3.3.2-6]', async () => {
    const world = new World();
    const fields = { clientId: 's', clean: false, properties: [LASTING] };
    await (await subscribed5(world, fields, 'a/#', 1)).lose();
    const publisher = await connected5(world, { clientId: 'p' });
    const expiries = [10, 11, 12, undefined];
    await publisher.exchange(
      ...expiries.map((seconds, i) =>
        publish5({
          topic: 'a/b',
          qos: 1,
          id: i + 1,
          payload: String(i),
          properties: seconds === undefined ? USER : [['messageExpiry', seconds], ...USER],
        }),
      ),
    );
    world.clock.advance(10_500);
    const again = await connected5(world, fields);
    const got = await again.publishes();
    expect(got.map(({ properties }) => properties)).to.deep.equal([
      [['messageExpiry', 1], ...USER],
      [['messageExpiry', 2], ...USER],
      USER,
    ]);
    expect(world.stats.messagesExpired).to.equal(1);
  });

  it('skips, and counts, what is too large, at first and when it is sent again [MQTT5-3.1.2-24]', async () => {
    for (const persistentQos of [1, 2] as const) {
      const world = new World();
      const fields = { clientId: 's', clean: false };
      const roomy = await subscribed5(
        world,
        { ...fields, properties: [LASTING] },
        'a/#',
        persistentQos,
      );
      const publisher = await connected5(world, { clientId: 'p' });
      const large = 'x'.repeat(100);
      const messages = ['1', large, '3'].map((payload, i) =>
        publish5({ topic: 'a/b', qos: persistentQos, id: i + 1, payload }),
      );
      await publisher.exchange(...messages);
      expect(await roomy.publishes()).to.have.length(3);
      const properties: Properties = [LASTING, ['maximumPacketSize', 50]];
      const narrow = await connected5(world, { ...fields, properties });
      const again = await narrow.publishes();
      expect(texts(again)).to.deep.equal(['1', '3']);
      expect(again.map(({ dup }) => dup)).to.deep.equal([true, true]);
      expect(world.stats.messagesTooLarge).to.equal(1);
      const [ack, rec] = [again[0]!.id, again[1]!.id];
      if (persistentQos === 1) await narrow.exchange(ack5('puback', ack), ack5('puback', rec));
      else {
        await narrow.exchange(ack5('pubrec', ack), ack5('pubrec', rec));
        await narrow.exchange(ack5('pubcomp', ack), ack5('pubcomp', rec));
      }
      expect(narrow.channel.session?.inflight.size).to.equal(0);
      for (const id of [1, 2, 3]) publisher.channel.session?.received.delete(id);
      await publisher.exchange(...messages);
      expect(texts(await narrow.publishes())).to.deep.equal(['1', '3']);
      expect(world.stats.messagesTooLarge).to.equal(2);
    }
  });
});

describe('gateway: receive maximum of the client [MQTT-3.3.4-9]', () => {
  for (const qos of [1, 2] as const) {
    for (const lasting of [false, true]) {
      it(`bounds first deliveries at QoS ${String(qos)}, ${lasting ? 'persistent' : 'clean'}`, async () => {
        const world = new World();
        const properties: Properties = [['receiveMaximum', 3], ...(lasting ? [LASTING] : [])];
        const client = await subscribed5(world, { properties }, 'a/#', qos);
        const publisher = await connected5(world, { clientId: 'p' });
        const numbers = Array.from({ length: 8 }, (_, i) => String(i));
        await publisher.exchange(
          ...numbers.map((payload, i) => publish5({ topic: 'a/b', qos, id: i + 1, payload })),
        );
        const got: Publish5[] = await client.publishes();
        expect(texts(got)).to.deep.equal(['0', '1', '2']);
        for (let next = 3; next < 8; next++) {
          // The second of those on the way: acknowledgements come in any order.
          const { id } = got[next - 2]!;
          if (qos === 2) {
            expect(await client.publishes(ack5('pubrec', id)), 'PUBREC frees none').to.have.length(
              0,
            );
          }
          const more = await client.publishes(ack5(qos === 1 ? 'puback' : 'pubcomp', id));
          expect(texts(more)).to.deep.equal([String(next)]);
          got.push(...more);
        }
      });
    }
  }

  it('bounds what is sent again, which was more, and new messages after it', async () => {
    const world = new World();
    const fields = { clientId: 's', clean: false };
    const first = await subscribed5(world, { ...fields, properties: [LASTING] }, 'a/#', 1);
    const publisher = await connected5(world, { clientId: 'p' });
    await send(publisher, '0', '1', '2', '3', '4');
    expect(await first.publishes()).to.have.length(5);
    await first.lose();
    await send(publisher, '5');
    const properties: Properties = [LASTING, ['receiveMaximum', 2]];
    const second = await connected5(world, { ...fields, properties });
    let got = await second.publishes();
    expect(texts(got)).to.deep.equal(['0', '1']);
    const seen: string[] = [];
    while (got.length > 0) {
      expect(got.length).to.be.at.most(2);
      for (const { dup, payload } of got) {
        expect(dup, payload.toString()).to.equal(payload.toString() !== '5');
      }
      seen.push(...texts(got));
      got = await second.acknowledge(...got);
    }
    expect(seen).to.deep.equal(['0', '1', '2', '3', '4', '5']);
  });

  it('is that of the connection: 3.1.1 after MQTT 5 has none', async () => {
    const world = new World();
    const properties: Properties = [LASTING, ['receiveMaximum', 1]];
    const client = await subscribed5(world, { clientId: 's', clean: false, properties }, 'a/#', 1);
    const publisher = await connected5(world, { clientId: 'p' });
    await send(publisher, '0', '1', '2');
    expect(texts(await client.publishes())).to.deep.equal(['0']);
    const v4 = await world.connected({ clientId: 's', clean: false });
    const got = await v4.publishes();
    expect(texts(got)).to.deep.equal(['0', '1', '2']);
    expect((await v4.exchange(...got.map(({ id }) => puback(id)))).length).to.equal(0);
  });

  it('counts what is in flight once, however large the window is', async () => {
    const world = new World();
    const fields = { clientId: 's', clean: false };
    const first = await subscribed5(world, { ...fields, properties: [LASTING] }, 'a/#', 1);
    const publisher = await world.connected({ clientId: 'p' });
    await publisher.exchange(
      ...Array.from({ length: 400 }, (_, i) => publish({ topic: 'a/b', qos: 1, id: i + 1 })),
    );
    expect(await first.publishes()).to.have.length(400);
    const counted = sinon.spy(first.channel.session!.inflight, 'countBefore');
    const properties: Properties = [LASTING, ['receiveMaximum', 300]];
    const second = await connected5(world, { ...fields, properties });
    expect(await second.publishes()).to.have.length(300);
    expect(counted.callCount).to.be.at.most(4);
  });
});
