import { expect } from 'chai';
import type { StoreTable } from '../../../../src/common/store-table.ts';
import { ClaimKind, claimKey } from '../../../../src/lmq/spi/cluster.ts';
import { commitBase, laneOfCommit } from '../../../../src/lmq/spi/lane.ts';
import {
  filterQueueName,
  peerQueueName,
  topicQueueName,
} from '../../../../src/lmq/spi/queue-name.ts';
import { StateSpace, type Queue } from '../../../../src/lmq/spi/types.ts';
import {
  payloads,
  publish,
  put,
  readFrom,
  rejection,
} from '../../../conformance/lmq-store/harness.ts';
import { eventually } from '../../../helpers/eventually.ts';
import { inTable, RoutedWorld } from './routed-world.ts';

/** `a` has what is under x, the other one all else. */
const NAMED: StoreTable = { stores: [inTable('o'), inTable('a', 1, 'x')], active: 1 };
/** Two that share all. */
const SHARED: StoreTable = { stores: [inTable('o'), inTable('a')], active: 1 };

/** A name of this kind that lies in the lane. */
function named(
  lane: number,
  make: (i: number) => string,
  laneOf: (name: string) => number,
): string {
  for (let i = 0; ; i++) if (laneOf(make(i)) === lane) return make(i);
}

describe('RoutedStore', () => {
  let world: RoutedWorld;

  beforeEach(async () => {
    world = new RoutedWorld({ leaseMs: 2_000 });
    await world.serveMemory('o', 'a');
  });

  afterEach(() => world.dispose());

  it('stores each topic in its store, under queues and commits that carry the lane', async () => {
    const store = await world.attach(NAMED);
    const commits: number[] = [];
    store.onCommit((commit) => commits.push(laneOfCommit(commit)));
    const first = publish(store, 'x/1', 'in a');
    const second = publish(store, 'y', 'in o');
    expect(first).to.equal(commitBase(1) + 1);
    expect(second).to.equal(1);
    expect([store.topic('x/1').lane, store.topic('y').lane]).to.deep.equal([1, 0]);
    await Promise.all([store.committed(first), store.committed(second)]);
    expect(commits).to.have.members([0, 1]);
    const x = await store.openQueue(topicQueueName('x/1'));
    const y = await store.openQueue(topicQueueName('y'));
    expect([x.lane, y.lane]).to.deep.equal([1, 0]);
    expect(x.id).not.to.equal(y.id);
    expect((await readFrom(store, x, 0)).map(({ payload }) => payload)).to.deep.equal(['in a']);
    expect(await payloads(world.memory('a'), topicQueueName('x/1'))).to.deep.equal(['in a']);
    expect(await payloads(world.memory('o'), topicQueueName('y'))).to.deep.equal(['in o']);
    expect(store.stats.recordsAppended).to.equal(2);
  });

  it('announces arrivals of all lanes, each from its own queue', async () => {
    const store = await world.attach(NAMED);
    const queues = await Promise.all(['x/1', 'y'].map((t) => store.openQueue(topicQueueName(t))));
    const arrived = new Map<Queue, number>();
    store.onArrival((arrivals) => {
      for (const { queue, count } of arrivals)
        arrived.set(queue, (arrived.get(queue) ?? 0) + count);
    });
    await put(store, 'x/1', '1', '2');
    await put(store, 'y', '3');
    await eventually('arrivals', () => arrived.size === 2);
    expect(queues.map((queue) => arrived.get(queue))).to.deep.equal([2, 1]);
    expect(store.tail(queues[0] as Queue, 1)?.count).to.be.at.least(1);
    store.commitOffset('c', queues[0] as Queue, 2);
    expect(await store.loadOffset('c', queues[0] as Queue)).to.equal(2);
    store.closeQueue(queues[0] as Queue);
  });

  it('keeps the sessions, wills, claims and peer queues of a client in its home', async () => {
    const store = await world.attach(SHARED);
    for (const lane of [0, 1]) {
      const client = named(
        lane,
        (i) => `client ${String(i)}`,
        (id) => store.spread.homeOf(id),
      );
      for (const space of [StateSpace.SESSION, StateSpace.WILL]) {
        const commit = store.putState(space, client, Buffer.from('v'));
        expect(laneOfCommit(commit)).to.equal(lane);
        expect(String(await store.getState(space, client))).to.equal('v');
        expect(String(await store.member(lane).getState(space, client))).to.equal('v');
        expect(await store.member(1 - lane).getState(space, client)).to.equal(undefined);
      }
      await store.claim(claimKey(ClaimKind.SESSION, client));
      expect(world.world(lane === 0 ? 'o' : 'a').server.stats.claims).to.equal(1);
      const peer = await store.openQueue(peerQueueName(client));
      expect(peer.lane).to.equal(lane);
      await store.committed(publish(store, `t/p2p/${client}`, 'hello'));
      expect(await payloads(store, peer.name)).to.deep.equal(['hello']);
      store.release(claimKey(ClaimKind.SESSION, client));
    }
    expect(await store.claimIfFree(claimKey(ClaimKind.DUTY, 'd'))).to.equal(true);
    await eventually('the duty', () => world.world('o').server.stats.claims === 1);
  });

  it('scans the stores as one, in the order of the keys', async () => {
    const store = await world.attach(SHARED);
    const keys = ['', 'a', 'b', 'B', '\uffee', '😀', 'ü', 'a/b', 'c', 'd'];
    for (const key of keys) {
      await store.committed(store.putState(StateSpace.SESSION, key, Buffer.from(key)));
    }
    const homes = new Set(keys.map((key) => store.spread.homeOf(key)));
    expect(homes.size).to.equal(2);
    const found: string[] = [];
    for await (const { key } of store.scanState(StateSpace.SESSION)) found.push(key);
    const sorted = keys.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    expect(found).to.deep.equal(sorted);
    const rest: string[] = [];
    for await (const { key } of store.scanState(StateSpace.SESSION, 'b')) rest.push(key);
    expect(rest).to.deep.equal(sorted.slice(sorted.indexOf('b') + 1));
  });

  it('does not guess where something belongs that does not say it', async () => {
    const store = await world.attach(SHARED);
    const value = Buffer.from('v');
    for (const space of [StateSpace.INFLIGHT, StateSpace.SHARE, StateSpace.SHARE_MEMBER]) {
      expect(() => store.putState(space, 'k', value)).to.throw(TypeError);
      expect(() => store.deleteState(space, 'k')).to.throw(TypeError);
      expect(() => store.scanState(space)).to.throw(TypeError);
      expect(await rejection(store.getState(space, 'k'))).to.be.instanceOf(TypeError);
      expect(await rejection(store.watchState(space, () => undefined))).to.be.instanceOf(TypeError);
    }
    expect(await rejection(store.acquireFilter('#', false))).to.be.instanceOf(TypeError);
    expect(() => store.releaseFilter('#', false)).to.throw(TypeError);
    expect(await rejection(store.claim(claimKey(ClaimKind.GROUP, 'g')))).to.be.instanceOf(
      TypeError,
    );
    expect(() => {
      store.onRevoked(() => undefined);
    }).to.throw(TypeError);
    expect(() => {
      store.onOrphans(() => Promise.resolve());
    }).to.throw(TypeError);
    expect(() => store.member(2)).to.throw(RangeError);
    const queue = await store.member(1).openQueue(topicQueueName('t'));
    expect(() => store.member(0).commitOffset('c', queue, 1)).to.throw(TypeError);
  });

  it('is as its only store with a table of one', async () => {
    const store = await world.attach({ stores: [inTable('o')], active: 1 });
    store.onRevoked(() => undefined);
    store.putState(StateSpace.INFLIGHT, 'k', Buffer.from('v'));
    await store.claim(claimKey(ClaimKind.GROUP, 'g'));
    const queue = await store.acquireFilter('#', true);
    await put(store, 't', 'x');
    expect(await payloads(store, filterQueueName('#'))).to.deep.equal(['x']);
    expect([queue.lane, store.openCommit > 1]).to.deep.equal([0, true]);
    expect(store.listFilters()).to.deep.equal([{ filter: '#', pinned: false, uses: 1 }]);
  });

  it('pins a filter in all its lanes, and lists each filter once', async () => {
    const store = await world.attach(SHARED);
    await store.committed(store.pinFilter('a/#'));
    await store.member(1).acquireFilter('b/#', true);
    await store.member(1).acquireFilter('b/#', true);
    await store.member(0).acquireFilter('b/#', true);
    expect(store.listFilters()).to.have.deep.members([
      { filter: 'a/#', pinned: true, uses: 0 },
      { filter: 'b/#', pinned: false, uses: 2 },
    ]);
    expect(
      store
        .member(1)
        .listFilters()
        .map(({ filter }) => filter),
    ).to.include('a/#');
    await store.committed(store.unpinFilter('a/#'));
    expect(
      store
        .member(1)
        .listFilters()
        .map(({ filter }) => filter),
    ).to.deep.equal(['b/#']);
  });

  it('is writable while all are, and each one by itself', async () => {
    const store = await world.attach(NAMED, { maxBacklogBytes: 10_000 });
    let wakes = 0;
    store.onWritable(() => wakes++);
    const commit = publish(store, 'x', Buffer.alloc(20_000));
    expect(store.writable).to.equal(false);
    expect([store.member(0).writable, store.member(1).writable]).to.deep.equal([true, false]);
    expect(store.backlogBytes).to.be.greaterThan(20_000);
    await store.committed(commit);
    await eventually('room', () => wakes === 1);
    expect(store.writable).to.equal(true);
  });

  it('tells once that it is fenced, by whichever store', async () => {
    const store = await world.attach(SHARED);
    const reasons: string[] = [];
    store.onFenced((reason) => reasons.push(reason));
    await world.world('a').server.stop();
    await world.serveMemory('a');
    await eventually('the fence', () => reasons.length > 0);
    expect(await rejection(store.member(1).committed(store.member(1).openCommit))).not.to.equal(
      undefined,
    );
    await put(store.member(0), 't', 'x');
    expect(reasons.length).to.equal(1);
  });

  it('does not start when a store cannot be reached within the grace, and leaves none attached then', async () => {
    await world.world('a').server.stop();
    const store = world.gateway(SHARED, { requestTimeoutMs: 300 });
    expect(await rejection(store.start())).to.be.instanceOf(Error);
    await eventually('nobody', () => world.world('o').server.stats.nodes === 0);
  });

  it('refuses a table that is not sound', () => {
    expect(() => world.gateway({ stores: [], active: 1 })).to.throw(RangeError);
  });
}).timeout(20_000);
