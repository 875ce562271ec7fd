import { expect } from 'chai';
import type { StoreTable } from '../../../../src/common/store-table.ts';
import type { RoutedStore } from '../../../../src/lmq/routed/routed-store.ts';
import { laneOfCommit } from '../../../../src/lmq/spi/lane.ts';
import { StateSpace } from '../../../../src/lmq/spi/types.ts';
import { publish, rejection } from '../../../conformance/lmq-store/harness.ts';
import { eventually } from '../../../helpers/eventually.ts';
import { inTable, RoutedWorld } from './routed-world.ts';

/** `a` has what is under x, the other one all else. */
const NAMED: StoreTable = { stores: [inTable('o'), inTable('a', 1, 'x')], active: 1 };
const THERE = 0;
const LATE = 1;
const GRACE = { startGraceMs: 100 };

describe('RoutedStore: a store that is away when the gateway starts', () => {
  let world: RoutedWorld;

  beforeEach(async () => {
    world = new RoutedWorld({ leaseMs: 2_000 });
    await world.serveMemory('o', 'a');
  });

  afterEach(() => world.dispose());

  /** A gateway that has started without `a`. */
  async function withoutOne(): Promise<RoutedStore> {
    await world.world('a').server.stop();
    return world.attach(NAMED, { ...GRACE, requestTimeoutMs: 1_000 });
  }

  function back(): Promise<void> {
    return world.serve('a', world.memory('a'));
  }

  it('is named, and what belongs to the others goes on', async () => {
    const store = await withoutOne();
    expect(store.away).to.deep.equal(['a']);
    expect([store.isJoined(THERE), store.isJoined(LATE)]).to.deep.equal([true, false]);
    expect(store.whenJoined('y/#')).to.equal(undefined);
    expect(store.whenJoined('x/#')).to.be.instanceOf(Promise);
    await store.committed(publish(store, 'y', '1'));
    expect(await rejection(store.member(LATE).openQueue('t?' as never))).to.be.instanceOf(Error);
    expect(await rejection(store.member(LATE).openQueue('t?' as never))).to.be.instanceOf(Error);
  });

  it('gets what was published for it meanwhile when it comes, longer than any time-out', async () => {
    const store = await withoutOne();
    const commit = publish(store, 'x/1', 'waits');
    expect(laneOfCommit(commit)).to.equal(LATE);
    let isDurable = false;
    const durable = store.committed(commit).then(() => {
      isDurable = true;
    });
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect(isDurable).to.equal(false);
    await back();
    await durable;
    expect(world.memory('a').stats.recordsAppended).to.equal(1);
  });

  it('is joined when what it has is known: retained messages are told then, and watched', async () => {
    const put = async (topic: string, value: string): Promise<void> => {
      const a = world.memory('a');
      await a.committed(a.putState(StateSpace.RETAINED, topic, Buffer.from(value)));
    };
    await put('x/1', 'kept');
    const store = await withoutOne();
    const told: string[] = [];
    await store.watchState(StateSpace.RETAINED, (key, value) => {
      told.push(`${key}=${String(value)}`);
    });
    const scanned: string[] = [];
    for await (const { key } of store.scanState(StateSpace.RETAINED)) scanned.push(key);
    expect(scanned).to.deep.equal([]);
    await back();
    const joined = store.whenJoined('#');
    let takes = 0;
    store.onLaneJoined((lane) => {
      expect(lane).to.equal(LATE);
      // Tried again.
      return takes++ === 0 ? Promise.reject(new Error('once')) : Promise.resolve();
    });
    await joined;
    expect(takes).to.equal(2);
    expect(new Set(told)).to.deep.equal(new Set(['x/1=kept']));
    expect(store.isJoined(LATE)).to.equal(true);
    expect(store.away).to.deep.equal([]);
    expect(store.whenJoined('#')).to.equal(undefined);
    const other = await world.attach(NAMED);
    const commit = other.putState(StateSpace.RETAINED, 'x/2', Buffer.from('new'));
    await other.committed(commit);
    await eventually('the change', () => told.includes('x/2=new'));
  });

  it('does not keep the gateway from stopping', async () => {
    const store = await withoutOne();
    store.onLaneJoined(() => Promise.resolve());
    const joined = store.whenJoined('#');
    await store.stop();
    await joined;
  });

  it('refuses a gateway that is behind, which then does not start with the others either', async () => {
    await world.world('a').admin().requireGeneration(2);
    const store = world.gateway(NAMED, { ...GRACE, startGraceMs: 2_000 });
    expect(await rejection(store.start())).to.be.instanceOf(Error);
    await eventually('nobody', () => world.world('o').server.stats.nodes === 0);
  });

  it('has all of its stores when they come within the grace', async () => {
    await world.world('a').server.stop();
    const store = world.gateway(NAMED, { startGraceMs: 10_000, requestTimeoutMs: 10_000 });
    const started = store.start();
    await back();
    await started;
    expect(store.away).to.deep.equal([]);
  });
}).timeout(20_000);
