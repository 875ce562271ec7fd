import { expect } from 'chai';
import { ErrorCode, StoreError } from '../../../../src/common/errors.ts';
import type { StoreTable } from '../../../../src/common/store-table.ts';
import { createMemoryStore } from '../../../../src/lmq/memory/memory-store.ts';
import type { RoutedStore } from '../../../../src/lmq/routed/routed-store.ts';
import { laneOfCommit } from '../../../../src/lmq/spi/lane.ts';
import type { LmqStore } from '../../../../src/lmq/spi/lmq-store.ts';
import { topicQueueName } from '../../../../src/lmq/spi/queue-name.ts';
import { StateSpace } from '../../../../src/lmq/spi/types.ts';
import { payloads, publish, put, rejection } from '../../../conformance/lmq-store/harness.ts';
import { eventually } from '../../../helpers/eventually.ts';
import { inTable, RoutedWorld } from './routed-world.ts';

const ONE: StoreTable = { stores: [inTable('o')], active: 1 };
const PREPARED: StoreTable = { stores: [inTable('o'), inTable('n', 2, 'x')], active: 1 };
const ACTIVE: StoreTable = { ...PREPARED, active: 2 };

function codeOf(error: unknown): ErrorCode | undefined {
  return error instanceof StoreError ? error.code : undefined;
}

describe('growth of a RoutedStore', () => {
  let world: RoutedWorld;
  let memory: LmqStore[];
  let faults: Error[];

  async function serve(name: string): Promise<void> {
    const store = createMemoryStore({ fault: () => faults[0] });
    memory.push(store);
    await world.serve(name, store);
  }

  beforeEach(async () => {
    faults = [];
    memory = [];
    world = new RoutedWorld({ leaseMs: 6_000 });
    await serve('o');
  });

  afterEach(async () => {
    await world.dispose();
    for (const store of memory) await store.stop();
  });

  it('knows when no gateway sends to the older store any more what has moved', async () => {
    await serve('n');
    const [one, other] = [await world.attach(ONE), await world.attach(ONE)];
    for (const store of [one, other]) await store.prepare(PREPARED);
    await one.activate(ACTIVE);
    await eventually('not yet', () => one.haveAllSwitched(1) === false);
    await other.activate(ACTIVE);
    for (const store of [one, other]) {
      await eventually('all', () => store.haveAllSwitched(1) === true, 1_000);
    }
    expect(one.haveAllSwitched(0), 'nothing moves to a founder').to.equal(true);
  });

  it('reads from a store that is being added before anything goes there', async () => {
    await serve('n');
    const store = await world.attach(ONE);
    const { spread } = store;
    const told: number[] = [];
    store.onLaneAdded(async (lane) => {
      expect(spread.lanesOfFilter('x/1')).to.deep.equal([0, 1]);
      expect(spread.laneOfTopic('x/1')).to.equal(0);
      expect([spread.lanes, spread.eldersOf(1), spread.isInForce(1)]).to.deep.equal([2, 1, false]);
      // Stores hear of the generation when all is heard from there.
      expect(world.world('n').server.stats.nodes).to.equal(1);
      await store.member(lane).openQueue(topicQueueName('x/1'));
      expect(store.clusterOf(lane).nodeId).not.to.equal(store.nodeId);
      told.push(lane);
    });
    let changes = 0;
    store.onSpreadChanged(() => changes++);
    await store.prepare(PREPARED);
    await store.prepare(PREPARED);
    expect([told, changes]).to.deep.equal([[1], 0]);
    expect(store.table).to.deep.equal(PREPARED);
    expect(store.topic('x/1').lane).to.equal(0);
  });

  it('sends messages there when it is in force, and has told before anything was written', async () => {
    await serve('n');
    const store = await world.attach(ONE);
    const topic = store.topic('x/1');
    const commits: number[] = [];
    store.onCommit((commit) => commits.push(laneOfCommit(commit)));
    let changes = 0;
    store.onSpreadChanged(() => {
      changes++;
      expect(store.topic('x/1').lane).to.equal(1);
      expect([store.writable, store.member(0).writable]).to.deep.equal([false, false]);
    });
    await store.activate(ACTIVE);
    await store.activate(ACTIVE);
    expect(changes).to.equal(1);
    expect(store.table).to.deep.equal(ACTIVE);
    expect(store.topic('x/1')).not.to.equal(topic);
    await put(store, 'x/1', 'there');
    await put(store, 'y', 'here');
    expect(await payloads(store, topicQueueName('x/1'))).to.deep.equal(['there']);
    expect(commits).to.include.members([0, 1]);
    expect(store.spread.isInForce(1)).to.equal(true);
  });

  it('waits until what is written is settled, with publishers stopped', async () => {
    await serve('n');
    const store = await world.attach(ONE);
    await store.prepare(PREPARED);
    const events: string[] = [];
    store.onWritable(() => events.push('writable'));
    store.onCommit((commit) => {
      events.push(`lane ${String(laneOfCommit(commit))}`);
    });
    store.onSpreadChanged(() => events.push('changed'));
    publish(store, 'x/1', 'before');
    const activated = store.activate(ACTIVE);
    await Promise.resolve();
    await eventually('publishers to stop', () => !store.writable, 1_000, 0);
    // A publisher that is under way writes once more before it sees that it has to stop.
    publish(store, 'x/1', 'still before');
    await activated;
    expect(events.indexOf('changed')).to.be.greaterThan(events.lastIndexOf('lane 0'));
    expect(events.slice(-3)).to.deep.equal(['changed', 'writable', 'writable']);
    expect(store.writable).to.equal(true);
    await put(store, 'x/1', 'after');
    const old = await store.member(0).openQueue(topicQueueName('x/1'));
    const young = await store.member(1).openQueue(topicQueueName('x/1'));
    expect([old.maxOffset, young.maxOffset]).to.deep.equal([2, 1]);
  });

  it('goes on as before when that takes too long, and may be tried again', async () => {
    await serve('n');
    const store = await world.attach(ONE);
    await store.prepare(PREPARED);
    await world.world('o').server.stop();
    const commit = publish(store, 'x/1', 'not settled');
    const error = await rejection(store.activate(ACTIVE));
    expect(codeOf(error)).to.equal(ErrorCode.STORE_UNAVAILABLE);
    expect((error as StoreError).retryable).to.equal(true);
    expect([store.writable, store.topic('x/1').lane]).to.deep.equal([true, 0]);
    await world.serve('o', memory[0] as LmqStore);
    await store.committed(commit);
    await store.activate(ACTIVE);
    expect(store.topic('x/1').lane).to.equal(1);
  }).timeout(20_000);

  it('is as before when a new store cannot be reached, or not all has been prepared', async () => {
    const store = await world.attach(ONE, { requestTimeoutMs: 2_000 });
    expect(await rejection(store.prepare(PREPARED))).to.be.instanceOf(StoreError);
    expect([store.spread.lanes, store.table]).to.deep.equal([1, ONE]);
    await serve('n');
    let attempts = 0;
    store.onLaneAdded(() => {
      attempts++;
      return attempts < 2 ? Promise.reject(new Error('test')) : Promise.resolve();
    });
    expect(await rejection(store.prepare(PREPARED))).to.deep.include({ message: 'test' });
    expect(await rejection(store.activate(ACTIVE))).to.equal(undefined);
    expect(attempts).to.equal(2);
    expect(store.topic('x').lane).to.equal(1);
  }).timeout(20_000);

  it('takes only a table that has grown out of its own', async () => {
    const store = await world.attach(ONE);
    for (const table of [
      { stores: [inTable('other')], active: 1 },
      { stores: [inTable('o'), inTable('n')], active: 1 },
      { stores: [inTable('o', 1, 'x')], active: 1 },
    ]) {
      expect(codeOf(await rejection(store.prepare(table)))).to.equal(ErrorCode.CONFIG_INVALID);
    }
  });

  it('tells the stores the generation that everything is heard from', async () => {
    await serve('n');
    const store = await world.attach(ONE);
    const generations = async (): Promise<number[]> => {
      const all: number[] = [];
      for (const name of ['o', 'n']) all.push(...(await world.generationsAt(name)));
      return all;
    };
    expect(await generations()).to.deep.equal([1]);
    let isHeard = false;
    store.onLaneAdded(
      () =>
        new Promise((resolve) => {
          setTimeout(() => {
            isHeard = true;
            resolve();
          }, 250);
        }),
    );
    const prepared = store.prepare(PREPARED);
    await eventually('the new store to know it', async () => (await generations()).length === 2);
    await eventually('both', async () => (await generations()).every((one) => one === 2));
    expect(isHeard).to.equal(true);
    await prepared;
  });

  it('follows at a new store what is watched, and tells its listeners of it', async () => {
    await serve('n');
    const store: RoutedStore = await world.attach(ONE);
    const other = await world.attach(ACTIVE);
    const changes: string[] = [];
    await store.watchState(StateSpace.RETAINED, (key, value) => {
      changes.push(`${key}=${String(value)}`);
    });
    const arrived: number[] = [];
    store.onArrival((arrivals) => {
      for (const { queue } of arrivals) arrived.push(queue.lane);
    });
    store.onLaneAdded(async (lane) => {
      await store.member(lane).openQueue(topicQueueName('x/1'));
    });
    await store.prepare(PREPARED);
    await other.committed(other.putState(StateSpace.RETAINED, 'x/1', Buffer.from('r')));
    await put(other, 'x/1', 'm');
    await eventually('the change', () => changes.length > 0);
    expect(new Set(changes)).to.deep.equal(new Set(['x/1=r']));
    await eventually('the arrival', () => arrived.length > 0);
    expect(arrived).to.deep.equal([1]);
  });

  it('ends with the store', async () => {
    const store = await world.attach(ONE);
    const prepared = rejection(store.prepare(PREPARED));
    await new Promise((resolve) => setTimeout(resolve, 50));
    await store.stop();
    expect(await prepared).to.be.instanceOf(Error);
  });
}).timeout(20_000);
