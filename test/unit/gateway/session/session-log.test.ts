import { expect } from 'chai';
import sinon from 'sinon';
import { puback, publish } from '../../../helpers/packets.ts';
import { turns } from '../fake-socket.ts';
import { SAVE_MS } from '../../../../src/gateway/session/save-rounds.ts';
import { SessionLog } from '../../../../src/gateway/session/session-log.ts';
import { type FakeClient, World } from '../gateway-world.ts';

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
    expect([session.received.size, session.received.laneOf(77)]).to.deep.equal([1, 0]);
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

  describe('with much to save', () => {
    /** Sessions with progress; each record that is written takes `ms`. */
    async function manySessions(count: number, ms: number) {
      const world = new World();
      const publisher = await world.connected({ clientId: 'p' });
      const clients: FakeClient[] = [];
      for (let i = 0; i < count; i++) {
        clients.push(await world.subscribed({ clientId: `c${String(i)}`, clean: false }, ['t', 1]));
      }
      world.clock.advance(1000);
      await turns();
      await publisher.exchange(publish({ topic: 't', qos: 1, id: 1 }));
      const saved: string[] = [];
      const putState = world.store.putState.bind(world.store);
      world.store.putState = (space, key, ...rest) => {
        saved.push(key);
        world.clock.advance(ms);
        return putState(space, key, ...rest);
      };
      return { world, publisher, clients, saved };
    }

    it('take as many turns of the event loop as that needs', async () => {
      const { world, saved } = await manySessions(12, SAVE_MS / 2);
      world.clock.advance(1000);
      expect(saved).to.have.length(2);
      await turns(1);
      expect(saved).to.have.length(4);
      await turns(6);
      expect(new Set(saved).size).to.equal(12);
      expect(saved).to.have.length(12);
      expect(world.context.sessionLog.dirtyCount).to.equal(0);
    });

    it('save each once that changes or ends meanwhile, and all of the rest when they stop', async () => {
      const { world, clients, saved } = await manySessions(12, SAVE_MS);
      world.clock.advance(1000);
      expect(saved).to.deep.equal(['c0']);
      await clients[11]?.lose();
      expect(saved.filter((key) => key === 'c11')).to.have.length.within(1, 2);
      const before = saved.length;
      world.context.sessionLog.stop();
      expect(world.context.sessionLog.dirtyCount).to.equal(0);
      expect(saved.length - before).to.be.at.most(11);
      const end = saved.length;
      await turns(20);
      expect(saved).to.have.length(end);
      for (let i = 0; i < 11; i++) {
        expect(saved.filter((key) => key === `c${String(i)}`)).to.have.length(1);
      }
    });

    it('leave large windows to the next round when enough has been written', async () => {
      const { world, publisher, clients, saved } = await manySessions(3, 0);
      const burst = Array.from({ length: 1200 }, (_, i) =>
        publish({ topic: 't', qos: 1, id: i + 2 }),
      );
      await publisher.exchange(Buffer.concat(burst));
      for (const client of clients) {
        const received = await client.publishes();
        // Every other one: each entry is a run of its own.
        const odd = received.filter((_, i) => i % 2 === 1).map(({ id }) => puback(id));
        await client.exchange(Buffer.concat(odd));
      }
      const { putState } = world.store;
      let bytes = 0;
      world.store.putState = (space, key, value, ...rest) => {
        bytes += value.length;
        return putState(space, key, value, ...rest);
      };
      const log = new SessionLog(
        world.store,
        world.context.waiters,
        world.clock,
        1000,
        world.context.stores,
        1500,
      );
      log.start(world.context.pump);
      const sessions = clients.map(({ channel }) => channel.session!);
      const change = (): void => {
        for (const session of sessions) {
          session.dirty = false;
          log.changed(session);
        }
      };
      change();
      world.context.sessionLog.stop();
      change();
      saved.length = 0;
      bytes = 0;
      world.clock.advance(1000);
      expect(bytes).to.be.within(1500, 4500);
      const first = [...saved];
      expect(first.length).to.be.below(3);
      world.clock.advance(1000);
      world.clock.advance(1000);
      expect([...saved].sort()).to.deep.equal(['c0', 'c1', 'c2']);
      log.stop();
    });
  });
});
