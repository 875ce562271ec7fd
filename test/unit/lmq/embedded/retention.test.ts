import { expect } from 'chai';
import type { KvEntry } from '../../../../src/lmq/embedded/kv-engine.ts';
import { Keyspace, keyspaceRange } from '../../../../src/lmq/embedded/layout/v1/keyspace.ts';
import type { LmqStore } from '../../../../src/lmq/spi/lmq-store.ts';
import { peerQueueName, topicQueueName } from '../../../../src/lmq/spi/queue-name.ts';
import { PullStatus } from '../../../../src/lmq/spi/types.ts';
import { publish, put, readFrom, recordsOf } from '../../../conformance/lmq-store/harness.ts';
import { eventually } from '../../../helpers/eventually.ts';
import { EmbeddedWorld, openEngine } from './embedded-world.ts';

const HOUR = 3_600_000;

/** Entries of a keyspace in a store that is stopped. */
async function entriesOf(directory: string, keyspace: Keyspace): Promise<KvEntry[]> {
  const engine = openEngine(directory);
  await engine.open();
  const entries = await engine.read(keyspaceRange(keyspace), 100_000);
  await engine.close();
  return entries;
}

async function passes(store: LmqStore, world: EmbeddedWorld, ms: number): Promise<void> {
  await store.committed(store.openCommit);
  await world.passTime(ms);
}

describe('Retention', () => {
  let world: EmbeddedWorld;

  afterEach(() => world.dispose());

  it('removes records by age, minute by minute, for open and closed queues', async () => {
    world = new EmbeddedWorld({ fileReservedTimeMs: HOUR });
    const store = await world.start();
    const queue = await store.openQueue(topicQueueName('t'));
    for (let i = 0; i < 6; i++) {
      await put(store, 't', `${String(i)}a`, `${String(i)}b`);
      await put(store, 'closed', String(i));
      world.clock.advance(10 * 60_000);
    }
    expect(queue.minOffset).to.equal(0);
    await passes(store, world, 11 * 60_000);
    expect([queue.minOffset, queue.maxOffset]).to.deep.equal([4, 12]);
    const closed = await store.openQueue(topicQueueName('closed'));
    expect([closed.minOffset, closed.maxOffset]).to.deep.equal([2, 6]);
    expect((await store.pull(queue, 3, 10, 1_000)).status).to.equal(PullStatus.OFFSET_TOO_SMALL);
    const left = await readFrom(store, queue, queue.minOffset);
    expect(left.map((record) => record.payload)).to.deep.equal([
      '2a',
      '2b',
      '3a',
      '3b',
      '4a',
      '4b',
      '5a',
      '5b',
    ]);
    expect(store.stats.recordsExpired).to.equal(6);
  });

  it('removes the last records of a store that nobody writes to any more', async () => {
    world = new EmbeddedWorld({ fileReservedTimeMs: HOUR });
    const store = await world.start();
    const queue = await store.openQueue(topicQueueName('t'));
    await put(store, 't', 'a');
    await passes(store, world, 2 * HOUR);
    expect([queue.minOffset, queue.maxOffset]).to.deep.equal([1, 1]);
  });

  describe('with a clock that is wrong', () => {
    const DAY = 24 * HOUR;

    beforeEach(() => {
      world = new EmbeddedWorld({ fileReservedTimeMs: 3 * DAY });
    });

    async function left(store: LmqStore): Promise<string[]> {
      const queue = await store.openQueue(topicQueueName('t'));
      const records = await readFrom(store, queue, queue.minOffset);
      store.closeQueue(queue);
      return records.map(({ payload }) => payload);
    }

    /** Time in which retention looks at the clock now and then. */
    async function days(store: LmqStore, count: number): Promise<void> {
      for (let i = 0; i < count * 8; i++) await passes(store, world, 3 * HOUR);
    }

    it('removes nothing when the clock is ahead for less than a day', async () => {
      const store = await world.start();
      await put(store, 't', 'a');
      await days(store, 1);
      world.clock.jump(1_000 * DAY);
      await days(store, 0.75);
      expect(await left(store)).to.deep.equal(['a']);
      world.clock.jump(-1_000 * DAY);
      await days(store, 1);
      expect(await left(store)).to.deep.equal(['a']);
      await days(store, 0.75);
      expect(await left(store), 'when its time has come').to.deep.equal([]);
    });

    it('believes it after a day', async () => {
      const store = await world.start();
      await put(store, 't', 'a');
      world.clock.jump(1_000 * DAY);
      await days(store, 1.25);
      expect(await left(store)).to.deep.equal([]);
    });

    it('a store that was off, or is started with a clock that is ahead, removes nothing at once', async () => {
      let store = await world.start();
      await put(store, 't', 'a');
      await store.stop();
      world.clock.jump(1_000 * DAY);
      store = await world.start();
      await days(store, 0.75);
      expect(await left(store)).to.deep.equal(['a']);
      await put(store, 't', 'b');
      await days(store, 0.5);
      expect(await left(store)).to.deep.equal(['b']);
    });

    it('a store that was off for a while believes its clock', async () => {
      let store = await world.start();
      await put(store, 't', 'a');
      await days(store, 1);
      await put(store, 't', 'b');
      await store.stop();
      world.clock.jump(2.25 * DAY);
      store = await world.start();
      await days(store, 0.25);
      expect(await left(store)).to.deep.equal(['b']);
    });

    it('removes what bears a time in the future when it has been there for long enough', async () => {
      const store = await world.start();
      world.clock.jump(1_000 * DAY);
      await put(store, 't', 'ahead');
      world.clock.jump(-1_000 * DAY);
      await days(store, 1);
      await put(store, 't', 'later');
      await days(store, 1.75);
      expect(await left(store)).to.deep.equal(['ahead', 'later']);
      await days(store, 0.5);
      expect(await left(store)).to.deep.equal(['later']);
      await days(store, 1);
      expect(await left(store)).to.deep.equal([]);
    });
  });

  it('keeps everything without limits', async () => {
    world = new EmbeddedWorld({ fileReservedTimeMs: 0 });
    const store = await world.start();
    await put(store, 't', 'a');
    await passes(store, world, 10_000 * HOUR);
    expect(store.stats.recordsExpired).to.equal(0);
  });

  it('removes records over a size, the oldest first', async () => {
    const limit = 400_000;
    world = new EmbeddedWorld({ fileReservedTimeMs: 0, maxLogBytes: limit, blockBytes: 8_192 });
    const store = await world.start();
    const queue = await store.openQueue(topicQueueName('t'));
    for (let i = 0; i < 100; i++) await put(store, 't', 'x'.repeat(10_000));
    await passes(store, world, 61_000);
    const kept = queue.maxOffset - queue.minOffset;
    expect(kept * 10_000).to.be.within(limit * 0.8, limit);
    expect((await readFrom(store, queue, queue.minOffset)).length).to.equal(kept);
  });

  it('deletes blocks, marks and index entries on disk, but the last entry of a queue', async () => {
    world = new EmbeddedWorld({ fileReservedTimeMs: HOUR, blockBytes: 200 });
    const store = await world.start();
    const queue = await store.openQueue(topicQueueName('t'));
    store.commitOffset('c', queue, 1);
    for (let i = 0; i < 50; i++) await put(store, 't', 'x'.repeat(100), 'y');
    await passes(store, world, 2 * HOUR);
    await put(store, 'u', 'z');
    await store.stop();
    expect((await entriesOf(world.directory, Keyspace.LOG)).length).to.equal(1);
    expect((await entriesOf(world.directory, Keyspace.TIME)).length).to.equal(1);
    expect((await entriesOf(world.directory, Keyspace.INDEX)).length).to.equal(2);
    const again = await world.reopen();
    const same = await again.openQueue(topicQueueName('t'));
    expect([same.minOffset, same.maxOffset]).to.deep.equal([100, 100]);
  });

  it('ends what a crash left half deleted', async () => {
    world = new EmbeddedWorld({ fileReservedTimeMs: HOUR, blockBytes: 200 });
    const store = await world.start();
    for (let i = 0; i < 20; i++) await put(store, 't', 'x'.repeat(100));
    // the start of the log moves, and the process dies before the blocks are deleted
    const committed = store.committed(store.openCommit);
    world.clock.advance(2 * HOUR);
    await eventually('the start to move', () => store.stats.recordsExpired > 0);
    await committed;
    await store.stop();
    const again = await world.reopen();
    await put(again, 'u', 'z');
    await passes(again, world, 61_000);
    await again.stop();
    expect((await entriesOf(world.directory, Keyspace.LOG)).length).to.equal(1);
  });

  it('forgets queues of which nothing is left, and only those', async () => {
    world = new EmbeddedWorld({ fileReservedTimeMs: HOUR, maxIdleQueues: 0 });
    const store = await world.start();
    const consumed = await store.openQueue(topicQueueName('consumed'));
    store.commitOffset('c', consumed, 1);
    store.closeQueue(consumed);
    const open = await store.openQueue(topicQueueName('open'));
    const empty = await store.openQueue(peerQueueName('never used'));
    store.closeQueue(empty);
    for (const topic of ['consumed', 'open', 'dead', 'alive']) await put(store, topic, '1');
    for (let i = 0; i < 5; i++) await put(store, 'newest', 'evicts the idle queues');
    await passes(store, world, 2 * HOUR);
    await put(store, 'alive', '2');
    await passes(store, world, 61_000);
    await passes(store, world, 61_000);
    expect(open.maxOffset).to.equal(1);
    await store.stop();
    const names = (await entriesOf(world.directory, Keyspace.ID_TO_NAME)).map((e) =>
      String(e.value),
    );
    expect(names).to.have.members(['tconsumed', 'topen', 'talive', 'tnewest']);
    expect((await entriesOf(world.directory, Keyspace.NAME_TO_ID)).length).to.equal(names.length);
    const again = await world.reopen();
    await put(again, 'dead', 'risen');
    const risen = await again.openQueue(topicQueueName('dead'));
    expect([risen.minOffset, risen.maxOffset]).to.deep.equal([0, 1]);
  });

  it('never takes marks back in time when the clock goes back', async () => {
    world = new EmbeddedWorld({ fileReservedTimeMs: HOUR });
    const store = await world.start();
    const queue = await store.openQueue(topicQueueName('t'));
    await put(store, 't', 'a');
    world.clock.set(world.clock.now() - 30 * 60_000);
    await put(store, 't', 'b');
    world.clock.set(world.clock.now() + 32 * 60_000);
    await put(store, 't', 'c');
    await passes(store, world, 30 * 60_000);
    expect(queue.minOffset).to.equal(0);
    await passes(store, world, 40 * 60_000);
    expect([queue.minOffset, queue.maxOffset]).to.deep.equal([3, 3]);
  });

  it('does not disturb readers that are behind', async () => {
    world = new EmbeddedWorld({ fileReservedTimeMs: HOUR, blockBytes: 400, tailBytes: 1_000 });
    const store = await world.start();
    const queue = await store.openQueue(topicQueueName('t'));
    for (let i = 0; i < 300; i++) {
      publish(store, 't', String(i));
      if (i % 10 === 9) {
        await store.committed(store.openCommit);
        world.clock.advance(60_000);
      }
    }
    await store.committed(store.openCommit);
    let next = 0;
    const seen: number[] = [];
    while (next < 300) {
      const result = await store.pull(queue, next, 3, 100);
      for (const { offset, payload } of result.segments.flatMap(recordsOf)) {
        expect(payload).to.equal(String(offset));
        seen.push(offset);
      }
      next = result.nextOffset;
      world.clock.advance(60_000);
    }
    expect(seen.length).to.be.greaterThan(0);
  });
});
