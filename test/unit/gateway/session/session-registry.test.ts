import { expect } from 'chai';
import sinon from 'sinon';
import { connect, publish, subscribe } from '../../../helpers/packets.ts';
import { expectEmpty } from '../expect-empty.ts';
import { turns } from '../fake-socket.ts';
import { World } from '../gateway-world.ts';

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
          expectEmpty(world);
          expect(world.store.listFilters(), name).to.have.length(!before && !after ? 1 : 0);
        }
      }
    }
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
      expectEmpty(world);
    }
  });

  it('makes the last one the owner at once, whoever waits before it [MQTT-3.1.4-2]', async () => {
    const world = new World();
    const former = await world.subscribed({ clean: false }, ['t', 1]);
    const put = sinon.spy(world.store, 'putState');
    const clients = Array.from({ length: 50 }, () => world.open());
    for (const client of clients) client.socket.feed(connect({ clientId: 'c', clean: false }));
    await turns(20);
    // The first one was served before the others had come.
    const [first, ...rest] = clients;
    const last = rest.pop();
    expect(put.callCount).to.be.below(10);
    expect([former.closed, first?.closed, last?.closed]).to.deep.equal([true, true, false]);
    expect(await last?.exchange()).to.deep.equal([
      { type: 'connack', sessionPresent: true, code: 0 },
    ]);
    for (const client of rest) {
      expect(client.closed).to.equal(true);
      expect(await client.exchange()).to.deep.equal([]);
    }
    expect(world.stats.takeovers).to.equal(50);
  });

  it('begins anew when one that was overtaken would have [MQTT-3.1.4-3]', async () => {
    for (const overtaken of [true, false]) {
      const world = new World();
      await world.subscribed({ clean: false }, ['t', 1]);
      const clients = Array.from({ length: 3 }, () => world.open());
      for (const [i, client] of clients.entries()) {
        client.socket.feed(connect({ clientId: 'c', clean: i === 1 && overtaken }));
      }
      await turns(20);
      const [connack] = (await clients[2]?.exchange()) ?? [];
      expect(connack).to.deep.equal({ type: 'connack', sessionPresent: !overtaken, code: 0 });
      expect(world.context.sessions.connected('c')?.subscriptions.size).to.equal(overtaken ? 0 : 1);
      // What has been discarded is not discarded again.
      const next = await world.connected({ clean: false });
      expect(next.sessionPresent).to.equal(true);
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
      expectEmpty(world);
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
      expectEmpty(world);
    }
  });
});
