import { expect } from 'chai';
import { ErrorCode, StoreError } from '../../../../src/common/errors.ts';
import type { Will } from '../../../../src/gateway/codec/will.ts';
import { encodeWillRecord } from '../../../../src/gateway/will/will-record.ts';
import { createMemoryStore } from '../../../../src/lmq/memory/memory-store.ts';
import type { LmqStore } from '../../../../src/lmq/spi/lmq-store.ts';
import { StateSpace } from '../../../../src/lmq/spi/types.ts';
import { connect, DISCONNECT, subscribe } from '../../../helpers/packets.ts';
import { FakeClock } from '../fake-clock.ts';
import { turns } from '../fake-socket.ts';
import { World, type FakeClient } from '../gateway-world.ts';

const WILL = { topic: 'w/a', payload: 'gone', qos: 1 } as const;

async function stored(store: LmqStore): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of store.scanState(StateSpace.WILL)) keys.push(key);
  return keys;
}

async function payloads(client: FakeClient): Promise<string[]> {
  return (await client.publishes()).map(({ payload }) => payload.toString());
}

/** What the store says while it cannot be reached. */
function unavailable(): StoreError {
  const message = 'the store has not answered in time';
  return new StoreError(ErrorCode.STORE_UNAVAILABLE, message, { retryable: true });
}

/** A will as MQTT 5 may have it. */
function will5(delaySeconds: number): Will {
  return {
    topic: 'w/a',
    payload: Buffer.from('late'),
    qos: 0,
    retain: false,
    delaySeconds,
    expirySeconds: undefined,
    properties: Buffer.alloc(0),
  };
}

describe('gateway: wills', () => {
  let world: World;
  let watcher: FakeClient;

  beforeEach(async () => {
    world = new World();
    watcher = await world.subscribed({ clientId: 'watcher' }, ['w/#', 1]);
  });

  it('are stored before CONNACK', async () => {
    const client = world.open();
    client.socket.feed(connect({ clientId: 'c', will: WILL }));
    for (let packets = client.take(); packets.length === 0; packets = client.take()) await turns(1);
    expect(await stored(world.store)).to.deep.equal(['c']);
  });

  it('are published when the connection breaks, and forgotten [MQTT-3.1.2-8]', async () => {
    const client = await world.connected({ will: WILL });
    expect(await payloads(watcher)).to.deep.equal([]);
    await client.lose();
    const [message] = await watcher.publishes();
    expect(message).to.include({ topic: 'w/a', qos: 1, retain: false });
    expect(message!.payload.toString()).to.equal('gone');
    expect(await stored(world.store)).to.deep.equal([]);
    expect(world.stats.willsPublished).to.equal(1);
  });

  it('are dropped at DISCONNECT [MQTT-3.1.2-10]', async () => {
    const client = await world.connected({ will: WILL });
    await client.exchange(DISCONNECT);
    expect(await payloads(watcher)).to.deep.equal([]);
    expect(await stored(world.store)).to.deep.equal([]);
  });

  it('are published after a protocol error [MQTT-3.1.2-8]', async () => {
    const client = await world.connected({ will: WILL });
    await client.exchange(connect({ clientId: 'c' }));
    expect(client.closed).to.equal(true);
    expect(await payloads(watcher)).to.deep.equal(['gone']);
  });

  it('are published when the keep-alive runs out [MQTT-3.1.2-24]', async () => {
    await world.connected({ will: WILL, keepAlive: 2 });
    for (let i = 0; i < 8; i++) {
      world.clock.advance(1000);
      await turns(2);
    }
    expect(await payloads(watcher)).to.deep.equal(['gone']);
  });

  for (const clean of [true, false]) {
    it(`are published at a takeover, clean session ${String(clean)}; the new one stays [MQTT-3.1.4-2]`, async () => {
      await world.connected({ clean, will: WILL });
      const second = await world.connected({ clean, will: { ...WILL, payload: 'second' } });
      expect(await payloads(watcher)).to.deep.equal(['gone']);
      expect(await stored(world.store)).to.deep.equal(['c']);
      await second.lose();
      expect(await payloads(watcher)).to.deep.equal(['second']);
    });
  }

  it('reach live subscribers at QoS 0, and the retained messages [MQTT-3.1.2-17]', async () => {
    const live = await world.subscribed({ clientId: 'live' }, ['w/a', 0]);
    for (const qos of [0, 1, 2] as const) {
      const client = await world.connected({ will: { ...WILL, qos, retain: true } });
      await client.lose();
      const [message] = await live.publishes();
      expect(message).to.include({ qos: 0, retain: false });
    }
    const late = await world.connected({ clientId: 'late' });
    const [message] = await late.publishes(subscribe(1, ['w/a', 2]));
    expect(message).to.include({ qos: 2, retain: true });
  });

  it('with RETAIN 0 are not retained [MQTT-3.1.2-16]', async () => {
    await (await world.connected({ will: WILL })).lose();
    expect(world.context.retained.size).to.equal(0);
  });

  it('to a P2P topic reach the peer', async () => {
    const peer = await world.connected({ clientId: 'peer' });
    for (const qos of [0, 1] as const) {
      await (await world.connected({ will: { topic: 'a/p2p/peer', payload: 'x', qos } })).lose();
      expect(await payloads(peer)).to.deep.equal(['x']);
    }
  });

  it('wait for their delay, and are dropped when the session goes on [MQTT5-3.1.3-9]', async () => {
    const { wills } = world.context;
    const will = will5(60);
    await wills.begin('x', false, will, 600);
    wills.connectionEnded('x', will, 600);
    expect(world.stats.willsDelayed).to.equal(1);
    world.clock.advance(50_000);
    await wills.begin('x', true, undefined, 600);
    world.clock.advance(50_000);
    await turns();
    expect(world.stats.willsPublished).to.equal(0);
    expect(await stored(world.store)).to.deep.equal([]);
  });

  it('are published when their delay has passed as the client comes back [MQTT5-3.1.3-9]', async () => {
    const { wills } = world.context;
    const will = will5(60);
    for (const next of [undefined, will5(10)]) {
      const before = world.stats.willsPublished;
      await wills.begin('x', false, will, 600);
      wills.connectionEnded('x', will, 600);
      // Before the timer wheel looks at it.
      world.clock.advance(60_000);
      await wills.begin('x', true, next, 600);
      await turns();
      expect(world.stats.willsPublished).to.equal(before + 1);
      expect(await stored(world.store)).to.deep.equal(next === undefined ? [] : ['x']);
      if (next !== undefined) wills.drop('x', next);
    }
  });

  it('are published when the client comes back while they are read', async () => {
    const { wills } = world.context;
    const will = will5(10);
    const next = will5(60);
    await wills.begin('x', false, will, 600);
    wills.connectionEnded('x', will, 600);
    world.clock.advance(12_000);
    expect(world.stats.willsDelayed).to.equal(0);
    await wills.begin('x', true, next, 600);
    expect(world.stats.willsPublished).to.equal(1);
    expect(await stored(world.store)).to.deep.equal(['x']);
  });

  it('are published at the end of the delay, or of the session if that is sooner', async () => {
    const { wills } = world.context;
    for (const [delay, expiry] of [
      [30, 600],
      [600, 30],
    ] as const) {
      const will = will5(delay);
      const before = world.stats.willsPublished;
      await wills.begin('x', false, will, expiry);
      wills.connectionEnded('x', will, expiry);
      world.clock.advance(29_000);
      await turns();
      expect(world.stats.willsPublished).to.equal(before);
      world.clock.advance(3_000);
      await turns();
      expect(world.stats.willsPublished).to.equal(before + 1);
      expect(await stored(world.store)).to.deep.equal([]);
    }
    expect(world.stats.willsDelayed).to.equal(0);
  });

  it('are published at once when the next connection does not resume the session', async () => {
    const { wills } = world.context;
    const will = will5(60);
    await wills.begin('x', false, will, 600);
    wills.connectionEnded('x', will, 600);
    await wills.begin('x', false, will5(10), 600);
    expect(world.stats.willsPublished).to.equal(1);
    await turns();
    expect(await stored(world.store)).to.deep.equal(['x']);
  });

  it('of a connection that was not accepted are not published, and do not harm the next one', async () => {
    const { wills } = world.context;
    const first = will5(0);
    const second = will5(0);
    const beginning = wills.begin('x', false, first, 0);
    await wills.begin('x', false, second, 0);
    await beginning;
    wills.drop('x', first);
    wills.connectionEnded('x', first, 0);
    await turns();
    expect(world.stats.willsPublished).to.equal(0);
    expect(await stored(world.store)).to.deep.equal(['x']);
    wills.connectionEnded('x', second, 0);
    expect(world.stats.willsPublished).to.equal(1);
  });

  it('that the client may not publish are refused at CONNECT with return code 5', async () => {
    const strict = new World({
      authorizer: { authorize: (_principal, _action, topic) => topic !== 'secret' },
    });
    const client = strict.open();
    const packets = await client.exchange(
      connect({ clientId: 'c', will: { topic: 'secret', payload: 'x' } }),
    );
    expect(packets).to.deep.equal([{ type: 'connack', sessionPresent: false, code: 5 }]);
    expect(client.closed).to.equal(true);
    const closed = new World({ autoCreateTopic: false });
    const other = closed.open();
    expect(await other.exchange(connect({ clientId: 'c', will: WILL }))).to.deep.equal([
      { type: 'connack', sessionPresent: false, code: 5 },
    ]);
  });
});

describe('gateway: wills after a restart', () => {
  const clock = new FakeClock();
  let store: LmqStore;
  let world: World;

  beforeEach(() => {
    store = createMemoryStore({ clock });
    world = new World({ store, clock });
  });

  function put(clientId: string, delaySeconds: number, dueAt: number): void {
    const will = { ...will5(delaySeconds), sessionExpirySeconds: 1000, dueAt };
    store.putState(StateSpace.WILL, clientId, encodeWillRecord(will));
  }

  it('are published: those without delay or over time at once, the others when it is time', async () => {
    put('open', 0, 0);
    put('over', 10, clock.now() - 1);
    put('late', 10, clock.now() + 5_000);
    put('open-late', 10, 0);
    await store.committed(store.openCommit);
    await world.context.wills.start();
    expect(world.stats.willsPublished).to.equal(2);
    clock.advance(7_000);
    await turns();
    expect(world.stats.willsPublished).to.equal(3);
    clock.advance(5_000);
    await turns();
    expect(world.stats.willsPublished).to.equal(4);
    expect(await stored(store)).to.deep.equal([]);
  });

  it('are dropped, and told of, when they cannot be read', async () => {
    store.putState(StateSpace.WILL, 'bad', Buffer.from([1, 9]));
    await store.committed(store.openCommit);
    await world.context.wills.start();
    await turns();
    expect(await stored(store)).to.deep.equal([]);
  });

  it('live on in the store when the process stops during the delay', async () => {
    put('late', 10, clock.now() + 5_000);
    await store.committed(store.openCommit);
    await world.context.wills.start();
    await world.context.wills.stop();
    clock.advance(60_000);
    await turns();
    expect(await stored(store)).to.deep.equal(['late']);
    expect(world.stats.willsPublished).to.equal(0);
  });

  it('are published a little later when the store is away as they are due', async () => {
    put('late', 10, clock.now() + 5_000);
    await store.committed(store.openCommit);
    await world.context.wills.start();
    const getState = store.getState.bind(store);
    let reads = 0;
    store.getState = (space, key) => {
      if (reads++ < 2) return Promise.reject(unavailable());
      return getState(space, key);
    };
    for (const published of [0, 0, 1, 1]) {
      clock.advance(reads === 0 ? 7_000 : 2_000);
      await turns();
      expect(world.stats.willsPublished).to.equal(published);
    }
    expect(reads).to.equal(3);
    expect(await stored(store)).to.deep.equal([]);
    expect(world.stats.willsDelayed).to.equal(0);
  });

  it('are published when the client comes back before the store is asked again', async () => {
    const { wills } = world.context;
    put('late', 10, clock.now() + 5_000);
    await store.committed(store.openCommit);
    await wills.start();
    const getState = store.getState.bind(store);
    store.getState = () => Promise.reject(unavailable());
    clock.advance(7_000);
    await turns();
    expect(world.stats.willsDelayed).to.equal(1);
    store.getState = getState;
    await wills.begin('late', true, undefined, 600);
    expect(world.stats.willsPublished).to.equal(1);
    await turns();
    expect(await stored(store)).to.deep.equal([]);
  });

  it('are not asked for again when the process has stopped', async () => {
    put('late', 10, clock.now() + 5_000);
    await store.committed(store.openCommit);
    await world.context.wills.start();
    let refuse: (error: Error) => void = () => undefined;
    let reads = 0;
    store.getState = () => {
      reads++;
      return new Promise((_, reject) => {
        refuse = reject;
      });
    };
    clock.advance(7_000);
    expect(reads).to.equal(1);
    await world.context.wills.stop();
    refuse(unavailable());
    await turns();
    clock.advance(60_000);
    await turns();
    expect(reads).to.equal(1);
  });

  it('go and are appended in one commit', async () => {
    const failing = createMemoryStore({
      clock,
      fault: (commit) =>
        commit > 2 ? new StoreError(ErrorCode.STORE_UNAVAILABLE, 'disk full') : undefined,
    });
    failing.putState(
      StateSpace.WILL,
      'c',
      encodeWillRecord({ ...will5(0), sessionExpirySeconds: 0, dueAt: 0 }),
    );
    await failing.committed(failing.openCommit);
    await failing.committed(failing.openCommit);
    const other = new World({ store: failing, clock });
    await other.context.wills.start();
    await turns();
    expect(await stored(failing)).to.deep.equal(['c']);
    expect(failing.stats.tailBytes).to.equal(0);
  });
});
