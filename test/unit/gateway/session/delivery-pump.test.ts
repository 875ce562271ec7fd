import { expect } from 'chai';
import sinon from 'sinon';
import { createMemoryStore } from '../../../../src/lmq/memory/memory-store.ts';
import { connect, puback, publish, subscribe, unsubscribe } from '../../../helpers/packets.ts';
import { turns } from '../fake-socket.ts';
import { World } from '../gateway-world.ts';
import { messageHead } from '../../../helpers/message-head.ts';
import { send, texts, withoutTail } from './pump-traffic.ts';

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
