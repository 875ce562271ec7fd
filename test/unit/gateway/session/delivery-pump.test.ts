import { expect } from 'chai';
import sinon from 'sinon';
import { createMemoryStore } from '../../../../src/lmq/memory/memory-store.ts';
import {
  connect,
  puback,
  pubcomp,
  publish,
  type Publish,
  pubrec,
  type QoS,
  subscribe,
  unsubscribe,
} from '../../../helpers/packets.ts';
import { turns } from '../fake-socket.ts';
import { type FakeClient, World } from '../gateway-world.ts';
import { messageHead } from '../../../helpers/message-head.ts';

async function send(
  publisher: FakeClient,
  topic: string,
  qos: QoS,
  ...payloads: readonly (string | Buffer)[]
): Promise<void> {
  await publisher.exchange(
    ...payloads.map((payload, i) => publish({ topic, qos, id: i + 1, payload })),
  );
  if (qos === 2)
    for (const [i] of payloads.entries()) publisher.channel.session!.received.delete(i + 1);
}

function texts(messages: readonly Publish[]): string[] {
  return messages.map(({ payload }) => payload.toString());
}

/** Everything has to be read from the store, which takes a turn. */
function withoutTail(world: World): sinon.SinonSpy {
  sinon.stub(world.store, 'tail').returns(undefined);
  return sinon.spy(world.store, 'pull');
}

describe('gateway: DeliveryPump', () => {
  it('delivers at the lower of both QoS [MQTT-3.8.4-6]', async () => {
    const world = new World();
    const publisher = await world.connected({ clientId: 'p' });
    for (const clean of [true, false]) {
      const granted = [0, 1, 2] as const;
      const client = await world.subscribed(
        { clientId: `s${String(clean)}`, clean },
        ...granted.map((qos) => [`t/${String(qos)}`, qos] as const),
      );
      for (const subscribed of granted) {
        for (const published of [0, 1, 2] as const) {
          await send(publisher, `t/${String(subscribed)}`, published, 'm');
          const received = await client.publishes();
          expect(received.map(({ qos }) => qos)).to.deep.equal([Math.min(subscribed, published)]);
        }
      }
    }
  });

  it('skips what was published at QoS 0 while the subscriber was away', async () => {
    const world = new World();
    const publisher = await world.connected({ clientId: 'p' });
    const client = await world.subscribed({ clean: false }, ['t', 2]);
    await client.lose();
    await send(publisher, 't', 0, 'zero');
    await send(publisher, 't', 1, 'one');
    await send(publisher, 't', 0, 'zero');
    const again = await world.connected({ clean: false });
    expect(await again.drain()).to.deep.equal(['one']);
  });

  it('stops at a full window and goes on with each acknowledgement, in any order', async () => {
    const world = new World({ limits: { maxInflight: 2 } });
    const publisher = await world.connected({ clientId: 'p' });
    const client = await world.subscribed({}, ['t', 1]);
    await send(publisher, 't', 1, '1', '2', '3', '4', '5');
    expect(texts(await client.publishes())).to.deep.equal(['1', '2']);
    expect(texts(await client.publishes(puback(2)))).to.deep.equal(['3']);
    expect(texts(await client.publishes(puback(1), puback(3)))).to.deep.equal(['4', '5']);
    expect(await client.publishes(puback(4), puback(5))).to.deep.equal([]);
  });

  it('takes turns between subscriptions', async () => {
    const world = new World({ limits: { maxInflight: 6, pullBatchSize: 2 } });
    const publisher = await world.connected({ clientId: 'p' });
    const client = await world.subscribed({ clean: false }, ['a', 1], ['b', 1], ['c', 1]);
    await client.lose();
    for (const topic of ['a', 'b', 'c']) {
      await send(publisher, topic, 1, ...Array.from({ length: 20 }, () => topic));
    }
    const again = await world.connected({ clean: false });
    expect(texts(await again.publishes()).sort()).to.deep.equal(['a', 'a', 'b', 'b', 'c', 'c']);
    const next = await again.publishes(...[1, 2, 3, 4, 5, 6].map(puback));
    expect(texts(next).sort()).to.deep.equal(['a', 'a', 'b', 'b', 'c', 'c']);
  });

  it('stops for a socket that does not take more, and goes on when it has drained', async () => {
    const world = new World({ limits: { highWater: 20_000 } });
    const publisher = await world.connected({ clientId: 'p' });
    const slow = await world.subscribed({ clientId: 'slow' }, ['t', 1]);
    const quick = await world.subscribed({ clientId: 'quick' }, ['t', 1]);
    slow.socket.stall();
    for (let i = 0; i < 10; i++) {
      await send(publisher, 't', 1, ...Array.from({ length: 20 }, () => Buffer.alloc(1000)));
      await turns();
      expect(await quick.publishes()).to.have.length(20);
    }
    expect(slow.connection.congested).to.equal(true);
    expect(slow.channel.session!.inflight.size).to.be.below(70);
    for (let i = 0; i < 400; i++) {
      slow.socket.unstall();
      await turns(1);
    }
    expect(await slow.publishes()).to.have.length(200);
  });

  it('drops QoS 0 for a socket that does not take more, and counts it', async () => {
    const world = new World({ limits: { highWater: 20_000 } });
    const publisher = await world.connected({ clientId: 'p' });
    const slow = await world.subscribed({ clientId: 'slow' }, ['t', 0]);
    slow.socket.stall();
    for (let i = 0; i < 100; i++) await send(publisher, 't', 0, Buffer.alloc(1000));
    expect(slow.socket.writableLength).to.be.below(60_000);
    expect(world.stats.qos0Dropped).to.be.above(50);
    slow.socket.unstall();
    await turns();
    const received = await slow.publishes();
    expect(received.length + world.stats.qos0Dropped).to.equal(100);
  });

  it('sends again in the first order, with DUP and the same identifiers [MQTT-4.4.0-1] [MQTT-3.3.1-1]', async () => {
    const world = new World();
    const publisher = await world.connected({ clientId: 'p' });
    const client = await world.subscribed({ clean: false }, ['t', 2]);
    await send(publisher, 't', 1, '1', '2');
    await send(publisher, 't', 2, '3', '4');
    await send(publisher, 't', 1, '5');
    const first = await client.publishes();
    expect(texts(first)).to.deep.equal(['1', '2', '3', '4', '5']);
    expect(first.map(({ dup }) => dup)).to.not.include(true);
    expect(await client.exchange(puback(2), pubrec(3))).to.deep.equal([{ type: 'pubrel', id: 3 }]);
    await client.lose();
    await send(publisher, 't', 1, '6');
    const again = await world.connected({ clean: false });
    const packets = (await again.exchange()).map((packet) =>
      packet.type === 'publish'
        ? [packet.id, packet.payload.toString(), packet.qos, packet.dup]
        : packet,
    );
    expect(packets).to.deep.equal([
      [1, '1', 1, true],
      { type: 'pubrel', id: 3 },
      [4, '4', 2, true],
      [5, '5', 1, true],
      [6, '6', 1, false],
    ]);
    expect(await again.exchange(puback(1), pubcomp(3), puback(5), puback(6))).to.deep.equal([]);
  });

  it('does the same when every record has to be read from disk', async () => {
    const world = new World({ limits: { maxInflight: 3 } });
    const pull = withoutTail(world);
    const publisher = await world.connected({ clientId: 'p' });
    const client = await world.subscribed({ clean: false }, ['t', 2]);
    await send(publisher, 't', 2, '1', '2', '3', '4', '5');
    expect(texts(await client.publishes())).to.deep.equal(['1', '2', '3']);
    await client.lose();
    const again = await world.connected({ clean: false });
    expect(await again.drain()).to.deep.equal(['1', '2', '3', '4', '5']);
    expect(pull.callCount).to.be.above(3);
  });

  it('does not send a QoS 2 message of a persistent session before its identifier is durable', async () => {
    const world = new World();
    const publisher = await world.connected({ clientId: 'p' });
    const client = await world.subscribed({ clean: false }, ['t', 2]);
    const put = sinon.spy(world.store, 'putState');
    let assignedIn = 0;
    world.store.onCommit((commit) => {
      if (assignedIn === 0 || commit < assignedIn) expect(client.take()).to.deep.equal([]);
    });
    world.store.onArrival(() => {
      assignedIn = world.store.openCommit;
      client.connection.flush();
      expect(client.take(), 'sent with the arrival').to.deep.equal([]);
    });
    await send(publisher, 't', 2, 'm');
    expect(put.callCount).to.be.above(0);
    expect(texts(await client.publishes())).to.deep.equal(['m']);
  });

  it('delivers once what is QoS 1 and QoS 2 in one batch, without DUP', async () => {
    const world = new World();
    const publisher = await world.connected({ clientId: 'p' });
    const client = await world.subscribed({ clean: false }, ['t', 2]);
    await publisher.exchange(
      publish({ topic: 't', qos: 1, id: 1, payload: '1' }),
      publish({ topic: 't', qos: 2, id: 2, payload: '2' }),
      publish({ topic: 't', qos: 1, id: 3, payload: '3' }),
    );
    const received = await client.publishes();
    expect(texts(received)).to.deep.equal(['1', '2', '3']);
    expect(received.map(({ dup }) => dup)).to.deep.equal([false, false, false]);
    expect(world.stats.messagesSent).to.equal(3);
  });

  it('keeps few bytes in memory for a QoS 2 backlog of large messages', async () => {
    const world = new World();
    const publisher = await world.connected({ clientId: 'p' });
    const client = await world.subscribed({ clean: false }, ['t', 2]);
    await client.lose();
    for (let i = 0; i < 8; i++) await send(publisher, 't', 2, Buffer.alloc(900_000, i));
    const again = world.open();
    again.socket.stall();
    await again.exchange(connect({ clientId: 'c', clean: false }));
    const session = world.context.sessions.connected('c')!;
    expect(session.inflight.size).to.be.below(5);
    for (let i = 0; i < 2000; i++) {
      again.socket.unstall();
      await turns(1);
    }
    expect(await again.publishes()).to.have.length(8);
    expect(session.assignedBytes).to.equal(0);
  });

  it('skips what retention has removed, and counts it', async () => {
    const store = createMemoryStore({ maxLogBytes: 3000 });
    const world = new World({ store });
    const publisher = await world.connected({ clientId: 'p' });
    const client = await world.subscribed({ clean: false }, ['t', 1]);
    await client.lose();
    for (let i = 0; i < 10; i++) await send(publisher, 't', 1, Buffer.alloc(900, i));
    const again = await world.connected({ clean: false });
    expect(await again.drain()).to.have.length(3);
    expect(world.stats.messagesLostToRetention).to.equal(7);
  });

  it('completes what is in flight when its record is gone', async () => {
    const store = createMemoryStore({ maxLogBytes: 3000 });
    const world = new World({ store });
    const publisher = await world.connected({ clientId: 'p' });
    const client = await world.subscribed({ clean: false }, ['t', 1]);
    await send(publisher, 't', 1, 'old');
    expect(await client.publishes()).to.have.length(1);
    await client.lose();
    for (let i = 0; i < 5; i++) await send(publisher, 'other', 1, Buffer.alloc(900));
    await send(publisher, 't', 1, 'new');
    const again = await world.connected({ clean: false });
    expect(await again.drain()).to.deep.equal(['new']);
    expect(again.channel.session!.inflight.size).to.equal(0);
  });

  it('does not deliver what has expired', async () => {
    const world = new World();
    const { store, clock } = world;
    const client = await world.subscribed({ clean: false }, ['t', 1]);
    await client.lose();
    const body = Buffer.from('m');
    for (const expirySeconds of [10, 60]) {
      store.append(store.topic('t'), messageHead({ expirySeconds }), body, 0, 1);
    }
    await turns();
    clock.advance(30_000);
    const again = await world.connected({ clean: false });
    expect(await again.drain()).to.deep.equal(['m']);
    expect(world.stats.messagesExpired).to.equal(1);
  });

  it('has nothing to serve for a session that has left, and all of it when it is back', async () => {
    const world = new World({ limits: { maxInflight: 2 } });
    const publisher = await world.connected({ clientId: 'p' });
    const filters = Array.from({ length: 300 }, (_, i) => [`t/${String(i)}`, 1] as const);
    const client = await world.subscribed({ clean: false }, ...filters);
    for (const [topic] of filters) await send(publisher, topic, 1, topic);
    const session = client.channel.session!;
    expect(session.ready.length).to.be.above(290);
    await client.lose();
    expect([session.ready.length, session.waiting.length]).to.deep.equal([0, 0]);
    const again = await world.connected({ clean: false });
    expect((await again.drain()).toSorted()).to.deep.equal(
      filters.map(([topic]) => topic).toSorted(),
    );
  });

  it('drops what is being read for a subscription that goes', async () => {
    const world = new World();
    const pull = withoutTail(world);
    const publisher = await world.connected({ clientId: 'p' });
    const client = await world.subscribed({}, ['t', 1]);
    const original = world.store.pull as sinon.SinonSpy;
    expect(original).to.equal(pull);
    publisher.socket.feed(publish({ topic: 't', qos: 1, id: 1 }));
    client.socket.feed(unsubscribe(2, 't'));
    const packets = await client.exchange();
    expect(packets.at(-1)).to.deep.equal({ type: 'unsuback', id: 2 });
    await client.exchange(...packets.filter(({ type }) => type === 'publish').map(() => puback(1)));
    await client.exchange(subscribe(3, ['t', 1]), unsubscribe(4, 't'));
    expect(world.store.stats.openQueues).to.equal(0);
  });

  it('closes the connection when the store cannot be read, and serves the next one', async () => {
    const world = new World();
    const publisher = await world.connected({ clientId: 'p' });
    const client = await world.subscribed({ clean: false }, ['t', 1]);
    await client.lose();
    await send(publisher, 't', 1, 'm');
    const tail = sinon.stub(world.store, 'tail').returns(undefined);
    const pull = sinon.stub(world.store, 'pull').rejects(new Error('I/O error'));
    const second = world.open();
    await second.exchange(connect({ clientId: 'c', clean: false }));
    expect(second.closed).to.equal(true);
    pull.restore();
    tail.restore();
    const third = await world.connected({ clean: false });
    expect(await third.drain()).to.deep.equal(['m']);
  });
});
