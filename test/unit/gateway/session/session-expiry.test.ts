import { expect } from 'chai';
import { NEVER_EXPIRES } from '../../../../src/gateway/codec/connect-packet.ts';
import { createMemoryStore } from '../../../../src/lmq/memory/memory-store.ts';
import { StateSpace } from '../../../../src/lmq/spi/types.ts';
import { DISCONNECT, publish } from '../../../helpers/packets.ts';
import { disconnect5, type Connect5Fields } from '../../../helpers/packets5.ts';
import { connected5, FakeClient5 } from '../fake-client5.ts';
import { FakeClock } from '../fake-clock.ts';
import { World } from '../gateway-world.ts';
import { withSession, expiry, stored, sweep } from './expiring-sessions.ts';

async function expectNothing(world: World): Promise<void> {
  expect(await stored(world), 'session record').to.equal(false);
  const window = await world.store.getState(StateSpace.INFLIGHT, 'c5');
  expect(window, 'window').to.equal(undefined);
  expect(world.store.listFilters(), 'filters').to.deep.equal([]);
  expect(world.store.stats.openQueues, 'open queues').to.equal(0);
  expect(world.context.live.size, 'live subscriptions').to.equal(0);
  expect(world.stats.subscriptionsCurrent).to.equal(0);
  const queue = await world.store.openQueue('b' as never);
  expect(await world.store.loadOffset('c5', queue), 'offset').to.equal(undefined);
  world.store.closeQueue(queue);
}

describe('gateway: session expiry (MQTT 5 §3.1.2.11.2)', () => {
  it('0: the session ends with its connection', async () => {
    for (const fields of [{}, expiry(0)]) {
      const world = new World();
      const client = await withSession(world, fields);
      await client.lose();
      await expectNothing(world);
      const again = await connected5(world, { clean: false });
      expect(again.connack.sessionPresent).to.equal(false);
    }
  });

  it('finite: the session goes on before its end and not after it', async () => {
    const world = new World();
    const first = await withSession(world, expiry(100));
    await first.lose();
    expect(await stored(world)).to.equal(true);
    expect(world.store.stats.openQueues).to.equal(0);
    const publisher = await world.connected({ clientId: 'p' });
    await publisher.exchange(publish({ topic: 'b', qos: 1, id: 1, payload: 'kept' }));
    world.clock.advance(99_999);
    const second = await connected5(world, expiry(100));
    expect(second.connack.sessionPresent).to.equal(true);
    expect((await second.publishes()).map(({ payload }) => payload.toString())).to.deep.equal([
      'kept',
    ]);
    await second.lose();
    world.clock.advance(100_000);
    const third = await connected5(world, { clean: false });
    expect(third.connack.sessionPresent).to.equal(false);
    await publisher.exchange(publish({ topic: 'b', qos: 1, id: 1 }));
    expect(await third.exchange()).to.deep.equal([]);
    await third.lose();
    await publisher.lose();
    await expectNothing(world);
  });

  it('0xFFFFFFFF, and 3.1.1 without clean session: never', async () => {
    const world = new World();
    const client = await withSession(world, expiry(NEVER_EXPIRES));
    await client.lose();
    const old = await world.subscribed({ clientId: 'old', clean: false }, ['a/#', 1]);
    await old.lose();
    const clock = new FakeClock(world.clock.now() + 500 * 365 * 86_400_000);
    const later = new World({ store: world.store, clock });
    await sweep(later);
    expect((await connected5(later, { clean: false })).connack.sessionPresent).to.equal(true);
    const again = await later.connected({ clientId: 'old', clean: false });
    expect(again.sessionPresent).to.equal(true);
  });

  it('is at most what the configuration allows, for 3.1.1 too', async () => {
    const world = new World({ limits: { maxSessionExpirySeconds: 10 } });
    await (await withSession(world, expiry(100))).lose();
    const old = await world.subscribed({ clientId: 'old', clean: false }, ['a/#', 1]);
    await old.exchange(DISCONNECT);
    world.clock.advance(10_000);
    await sweep(world);
    await expectNothing(world);
  });

  describe('changed by DISCONNECT (§3.14.2.2.2)', () => {
    it('to 0: the session ends', async () => {
      const world = new World();
      const client = await withSession(world, expiry(100));
      await client.exchange(disconnect5(0, [['sessionExpiry', 0]]));
      expect(client.closed).to.equal(true);
      await expectNothing(world);
    });

    it('to more and to less, within the limit', async () => {
      for (const [asked, lasts] of [
        [200, 200],
        [5, 5],
        [1000, 300],
        [undefined, 100],
      ] as const) {
        const world = new World({ limits: { maxSessionExpirySeconds: 300 } });
        const client = await withSession(world, expiry(100));
        const list = asked === undefined ? [] : ([['sessionExpiry', asked]] as const);
        await client.exchange(disconnect5(0, list));
        world.clock.advance(lasts * 1000 - 1);
        await sweep(world);
        expect(await stored(world), `${String(lasts)} s`).to.equal(true);
        world.clock.advance(1);
        await sweep(world);
        await expectNothing(world);
      }
    });

    it('from 0: a protocol error, and the session ends all the same', async () => {
      const world = new World();
      const client = await withSession(world, expiry(0));
      const packets = await client.exchange(disconnect5(0, [['sessionExpiry', 1]]));
      expect(packets.map((packet) => 'code' in packet && packet.code)).to.deep.equal([0x82]);
      await expectNothing(world);
    });

    it('from 0 to 0, or where the configuration allows none: nothing', async () => {
      for (const [limit, asked] of [
        [100, 0],
        [0, 50],
      ] as const) {
        const world = new World({ limits: { maxSessionExpirySeconds: limit } });
        const client = await withSession(world, expiry(limit === 0 ? 50 : 0));
        expect(await client.exchange(disconnect5(0, [['sessionExpiry', asked]]))).to.deep.equal([]);
        await expectNothing(world);
      }
    });
  });

  it('of a resumed session is that of the last CONNECT [MQTT5-3.1.2-23]', async () => {
    const world = new World();
    await (await withSession(world, expiry(100))).lose();
    const resumed = await connected5(world, expiry(0));
    expect(resumed.connack.sessionPresent).to.equal(true);
    await resumed.lose();
    await expectNothing(world);
  });

  it('of a session taken over by a connection with 0: it goes on until that one ends', async () => {
    const world = new World();
    const former = await withSession(world, expiry(100));
    const resumed = await connected5(world, expiry(0));
    expect(resumed.connack.sessionPresent).to.equal(true);
    expect(former.closed).to.equal(true);
    const publisher = await world.connected({ clientId: 'p' });
    await publisher.exchange(publish({ topic: 'a/x', qos: 1, id: 1 }));
    expect(await resumed.publishes()).to.have.length(1);
    await publisher.lose();
    await resumed.lose();
    await expectNothing(world);
  });

  it('makes takeovers of every kind leave nothing behind', async () => {
    const kinds: readonly Partial<Connect5Fields>[] = [
      { clean: true },
      { clean: true, properties: [['sessionExpiry', 100]] },
      expiry(0),
      expiry(100),
    ];
    for (const [i, before] of kinds.entries()) {
      for (const after of kinds) {
        const world = new World();
        const former = await withSession(world, before);
        const next = await connected5(world, after);
        expect(former.closed).to.equal(true);
        const goesOn = after.clean === false && i % 2 === 1;
        expect(next.connack.sessionPresent).to.equal(goesOn);
        const uses = world.store.listFilters().map((filter) => filter.uses);
        expect(uses, 'uses of a/#').to.deep.equal(goesOn ? [1] : []);
        await next.subscribe('a/#', 1);
        expect(world.store.listFilters().map((filter) => filter.uses)).to.deep.equal([1]);
        await next.lose();
        const last = await connected5(world, { clean: true });
        await last.lose();
        await expectNothing(world);
      }
    }
  });

  it('ends a session whose process died that long after the start of the next one', async () => {
    const world = new World();
    await withSession(world, expiry(100));
    // The process dies: a new gateway finds the store as it is.
    world.clock.advance(1_000_000);
    const next = new World({ store: world.store, clock: world.clock });
    world.clock.advance(99_999);
    await sweep(next);
    expect(await stored(next)).to.equal(true);
    world.clock.advance(1);
    await sweep(next);
    expect(await stored(next)).to.equal(false);
    expect(next.store.listFilters()).to.deep.equal([]);
  });
});

describe('gateway: a session that cannot be saved when it is taken over', () => {
  it('leaves memory, so that stop does not wait for ever', async () => {
    let isFailing = false;
    const fault = (): Error | undefined => (isFailing ? new Error('disk full') : undefined);
    const world = new World({ store: createMemoryStore({ fault }) });
    const former = await withSession(world, expiry(100));
    isFailing = true;
    const next = new FakeClient5(world);
    await next.connect({ clientId: 'c5', ...expiry(100) });
    expect(next.connack.code).to.equal(0x88);
    expect(former.closed && next.closed).to.equal(true);
    expect(world.context.sessions.size).to.equal(0);
    expect(world.store.stats.openQueues).to.equal(0);
    // Nor when it is loaded again.
    await new FakeClient5(world).connect({ clientId: 'c5', ...expiry(100) });
    expect(world.store.stats.openQueues).to.equal(0);
    expect(world.context.live.size).to.equal(0);
  });
});
