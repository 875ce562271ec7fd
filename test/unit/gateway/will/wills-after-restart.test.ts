import { expect } from 'chai';
import { ErrorCode, StoreError } from '../../../../src/common/errors.ts';
import { encodeWillRecord } from '../../../../src/gateway/will/will-record.ts';
import { createMemoryStore } from '../../../../src/lmq/memory/memory-store.ts';
import type { LmqStore } from '../../../../src/lmq/spi/lmq-store.ts';
import { StateSpace } from '../../../../src/lmq/spi/types.ts';
import { failureOf } from '../../../helpers/failure-of.ts';
import { FakeClock } from '../fake-clock.ts';
import { turns } from '../fake-socket.ts';
import { World } from '../gateway-world.ts';
import { storedWills, unavailable, will5 } from './will-samples.ts';

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

  /** With a will that is due in five seconds. */
  async function startWithLate(): Promise<void> {
    put('late', 10, clock.now() + 5_000);
    await store.committed(store.openCommit);
    await world.context.wills.start();
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
    expect(await storedWills(store)).to.deep.equal([]);
  });

  it('are dropped, and told of, when they cannot be read', async () => {
    store.putState(StateSpace.WILL, 'bad', Buffer.from([1, 9]));
    await store.committed(store.openCommit);
    await world.context.wills.start();
    await turns();
    expect(await storedWills(store)).to.deep.equal([]);
  });

  it('live on in the store when the process stops during the delay', async () => {
    await startWithLate();
    await world.context.wills.stop();
    clock.advance(60_000);
    await turns();
    expect(await storedWills(store)).to.deep.equal(['late']);
    expect(world.stats.willsPublished).to.equal(0);
  });

  it('are published a little later when the store is away as they are due', async () => {
    await startWithLate();
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
    expect(await storedWills(store)).to.deep.equal([]);
    expect(world.stats.willsDelayed).to.equal(0);
  });

  it('are published when the client comes back before the store is asked again', async () => {
    const { wills } = world.context;
    await startWithLate();
    const getState = store.getState.bind(store);
    store.getState = () => Promise.reject(unavailable());
    clock.advance(7_000);
    await turns();
    expect(world.stats.willsDelayed).to.equal(1);
    store.getState = getState;
    await wills.begin('late', true, undefined, 600);
    expect(world.stats.willsPublished).to.equal(1);
    await turns();
    expect(await storedWills(store)).to.deep.equal([]);
  });

  it('are published a little later when the store is away as the client comes back', async () => {
    const { wills } = world.context;
    await startWithLate();
    const getState = store.getState.bind(store);
    store.getState = () => Promise.reject(unavailable());
    const failure = await failureOf(wills.begin('late', false, undefined, 600));
    expect(failure).to.be.instanceOf(StoreError);
    expect(world.stats.willsDelayed).to.equal(1);
    store.getState = getState;
    clock.advance(2_000);
    await turns();
    expect(world.stats.willsPublished).to.equal(1);
    expect(await storedWills(store)).to.deep.equal([]);
  });

  it('are not asked for again when the process has stopped', async () => {
    await startWithLate();
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
    expect(await storedWills(failing)).to.deep.equal(['c']);
    expect(failing.stats.tailBytes).to.equal(0);
  });
});
