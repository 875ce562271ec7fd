import { expect } from 'chai';
import sinon from 'sinon';
import { ErrorCode, StoreError } from '../../../../src/common/errors.ts';
import { peerQueueName } from '../../../../src/lmq/spi/queue-name.ts';
import { StateSpace } from '../../../../src/lmq/spi/types.ts';
import { connect, puback, publish, subscribe } from '../../../helpers/packets.ts';
import { turns } from '../fake-socket.ts';
import { World } from '../gateway-world.ts';

function isEmpty(world: World): void {
  const { sessions, live, sessionLog } = world.context;
  expect(sessions.size).to.equal(0);
  expect(sessions.busy).to.equal(0);
  expect(live.size).to.equal(0);
  expect(sessionLog.dirtyCount).to.equal(0);
  expect(world.stats.sessionsCurrent).to.equal(0);
  expect(world.stats.subscriptionsCurrent).to.equal(0);
  expect(world.store.stats.openQueues).to.equal(0);
}

describe('gateway: SessionRegistry', () => {
  it('says whether a session is present, for every kind before and after [MQTT-3.2.2-1] [MQTT-3.2.2-2] [MQTT-3.2.2-3]', async () => {
    for (const before of [true, false]) {
      for (const after of [true, false]) {
        for (const takeover of [true, false]) {
          const world = new World();
          const first = await world.subscribed({ clean: before }, ['t', 1], ['w/#', 1]);
          if (!takeover) await first.lose();
          const second = await world.connected({ clean: after });
          const name = `${String(before)} ${String(after)} ${String(takeover)}`;
          expect(second.sessionPresent, name).to.equal(!before && !after);
          expect(first.closed, name).to.equal(true);
          expect(world.stats.takeovers).to.equal(takeover ? 1 : 0);
          const publisher = await world.connected({ clientId: 'p' });
          await publisher.exchange(
            publish({ topic: 't', qos: 1, id: 1 }),
            publish({ topic: 'w/x', qos: 1, id: 2 }),
          );
          expect(await second.publishes(), name).to.have.length(!before && !after ? 2 : 0);
          await second.lose();
          await publisher.lose();
          isEmpty(world);
          expect(world.store.listFilters(), name).to.have.length(!before && !after ? 1 : 0);
        }
      }
    }
  });

  it('erases every trace of a persistent session that a clean one replaces [MQTT-3.1.2-6]', async () => {
    const world = new World();
    const first = await world.subscribed({ clean: false }, ['t', 1]);
    const publisher = await world.connected({ clientId: 'p' });
    await publisher.exchange(publish({ topic: 't', qos: 1, id: 1 }));
    await first.lose();
    const clean = await world.connected({ clean: true });
    await clean.lose();
    for (const space of [StateSpace.SESSION, StateSpace.INFLIGHT]) {
      expect(await world.store.getState(space, 'c')).to.equal(undefined);
    }
    const again = await world.connected({ clean: false });
    expect(again.sessionPresent).to.equal(false);
    expect(await again.drain()).to.deep.equal([]);
  });

  it('lets one of many that connect at once win, and closes the others', async () => {
    for (const clean of [true, false]) {
      const world = new World();
      const clients = Array.from({ length: 10 }, () => world.open());
      for (const client of clients)
        client.socket.feed(connect({ clientId: 'c', clean, keepAlive: 0 }));
      await turns(100);
      expect(clients.filter(({ closed }) => !closed)).to.have.length(1);
      expect(world.context.sessions.size).to.equal(1);
      for (const client of clients) await client.lose();
      isEmpty(world);
    }
  });

  it('survives connections that come and go in the middle of each other', async () => {
    for (let seed = 0; seed < 30; seed++) {
      const world = new World();
      const clients = [];
      for (let i = 0; i < 6; i++) {
        const client = world.open();
        clients.push(client);
        client.socket.feed(
          connect({ clientId: 'c', clean: (seed + i) % 3 === 0, keepAlive: 0 }),
          subscribe(1, ['t/#', 1]),
        );
        await turns((seed * 7 + i) % 4);
        if ((seed >> i) % 2 === 1) client.socket.destroy();
      }
      await turns(100);
      for (const client of clients) await client.lose();
      isEmpty(world);
    }
  });

  it('delivers nothing to a connection that has lost its session', async () => {
    const world = new World();
    const first = await world.subscribed({ clean: false }, ['t', 1]);
    const second = await world.connected({ clean: false });
    const publisher = await world.connected({ clientId: 'p' });
    await publisher.exchange(publish({ topic: 't', qos: 1, id: 1 }));
    expect(first.take()).to.deep.equal([]);
    expect(await second.publishes()).to.have.length(1);
  });

  it('delivers P2P messages without a subscription, to both kinds of session', async () => {
    for (const clean of [true, false]) {
      const world = new World();
      const client = await world.connected({ clean });
      const publisher = await world.connected({ clientId: 'p' });
      for (const qos of [0, 1, 2] as const) {
        await publisher.exchange(publish({ topic: 't/p2p/c', qos, id: qos + 1, payload: 'm' }));
        expect((await client.publishes()).map((message) => message.qos)).to.deep.equal([qos]);
      }
      await client.lose();
      await publisher.exchange(publish({ topic: 't/p2p/c', qos: 1, id: 9, payload: 'away' }));
      const again = await world.connected({ clean });
      const payloads = await again.drain();
      expect(payloads.includes('away')).to.equal(!clean);
      await again.lose();
      await publisher.lose();
      isEmpty(world);
    }
  });

  it('opens a peer queue again after that has failed once', async () => {
    const world = new World();
    const client = await world.connected();
    const publisher = await world.connected({ clientId: 'p' });
    const open = sinon.stub(world.store, 'openQueue').rejects(new Error('busy'));
    await publisher.exchange(publish({ topic: 't/p2p/c', qos: 1, id: 1, payload: '1' }));
    open.restore();
    await publisher.exchange(publish({ topic: 't/p2p/c', qos: 1, id: 2, payload: '2' }));
    expect(await client.drain()).to.deep.equal(['1', '2']);
    expect(peerQueueName('c')).to.equal('pc');
  });

  it('leaves memory although the session cannot be saved, so that stop does not wait for ever', async () => {
    const world = new World();
    const client = await world.subscribed({ clean: false }, ['t', 1]);
    sinon.stub(world.store, 'putState').throws(new StoreError(ErrorCode.STORE_CLOSED, 'closed'));
    await client.lose();
    isEmpty(world);
  });

  it('refuses a session whose record is corrupt, and holds nothing of it', async () => {
    const world = new World();
    const client = await world.subscribed({ clean: false }, ['t', 1]);
    await client.lose();
    world.store.putState(StateSpace.INFLIGHT, 'c', Buffer.from('rubbish'));
    const again = world.open();
    const packets = await again.exchange(connect({ clientId: 'c', clean: false }));
    expect(packets).to.deep.equal([{ type: 'connack', sessionPresent: false, code: 3 }]);
    isEmpty(world);
  });

  it('holds no queue when loading a session fails half way', async () => {
    for (const failing of [0, 1, 2]) {
      const world = new World();
      const client = await world.subscribed({ clean: false }, ['a', 1], ['b', 1]);
      await client.lose();
      const load = sinon.stub(world.store, 'loadOffset').callThrough();
      load.onCall(failing).rejects(new Error('I/O error'));
      const again = world.open();
      await again.exchange(connect({ clientId: 'c', clean: false }));
      expect(again.closed).to.equal(true);
      isEmpty(world);
    }
  });
});

describe('gateway: SessionLog and SessionLoader', () => {
  it('bring a session back as it was, from what is saved while it is connected', async () => {
    const world = new World();
    const publisher = await world.connected({ clientId: 'p' });
    const client = await world.subscribed({ clean: false }, ['t/#', 2], ['u', 1], ['v', 0]);
    await client.exchange(publish({ topic: 'x', qos: 2, id: 77 }));
    for (let id = 1; id <= 5; id++) {
      await publisher.exchange(publish({ topic: 't/x', qos: 1, id, payload: String(id) }));
    }
    await client.exchange(puback(2), puback(4));
    world.clock.advance(1000);
    await turns();
    expect(world.context.sessionLog.dirtyCount).to.equal(0);
    // The same store, another gateway: the first one has crashed.
    const other = new World({ store: world.store });
    const again = await other.connected({ clean: false });
    expect(again.sessionPresent).to.equal(true);
    const received = await again.publishes();
    expect(received.map(({ id, payload, dup }) => [id, payload.toString(), dup])).to.deep.equal([
      [1, '1', true],
      [3, '3', true],
      [5, '5', true],
    ]);
    const session = again.channel.session!;
    expect([...session.received.keys()]).to.deep.equal([77]);
    const kept = [...session.subscriptions.values()].map(({ filter, qos }) => [filter, qos]);
    expect(kept).to.deep.equal([
      ['t/#', 2],
      ['u', 1],
      ['v', 0],
    ]);
    expect(session.inflight.nextPacketId).to.equal(6);
    const duplicate = await again.exchange(publish({ topic: 'x', qos: 2, id: 77, dup: true }));
    expect(duplicate).to.deep.equal([{ type: 'pubrec', id: 77 }]);
    expect(other.stats.duplicatesReceived).to.equal(1);
  });

  it('save progress once per interval, however much there was', async () => {
    const world = new World();
    const publisher = await world.connected({ clientId: 'p' });
    const client = await world.subscribed({ clean: false }, ['t', 1]);
    const put = sinon.spy(world.store, 'putState');
    for (let id = 1; id <= 5; id++) {
      await publisher.exchange(publish({ topic: 't', qos: 1, id }));
      await client.exchange(puback(id));
    }
    expect(put.callCount).to.equal(0);
    world.clock.advance(1000);
    expect(put.callCount).to.equal(1);
    world.clock.advance(5000);
    expect(put.callCount).to.equal(1);
  });
});
