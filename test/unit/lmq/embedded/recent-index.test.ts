import { join } from 'node:path';
import { expect } from 'chai';
import { ErrorCode, type StoreError } from '../../../../src/common/errors.ts';
import { createEmbeddedStore } from '../../../../src/lmq/embedded/embedded-store.ts';
import type { KvEntry } from '../../../../src/lmq/embedded/kv-engine.ts';
import { Keyspace, keyspaceRange } from '../../../../src/lmq/embedded/layout/v1/keyspace.ts';
import { isBackupSource } from '../../../../src/lmq/spi/store-backup.ts';
import type { LmqStore } from '../../../../src/lmq/spi/lmq-store.ts';
import { topicQueueName } from '../../../../src/lmq/spi/queue-name.ts';
import { payloads, publish, rejection } from '../../../conformance/lmq-store/harness.ts';
import { eventually } from '../../../helpers/eventually.ts';
import { makeTempDir, removeTempDir } from '../../../helpers/temp-dir.ts';
import { EmbeddedWorld, openEngine } from './embedded-world.ts';

const DAY_MS = 86_400_000;
const MANY = 10;
const TOPICS = Array.from({ length: 20 }, (_, i) => `t/${String(i)}`);
const numbersTo = (count: number): string[] => Array.from({ length: count }, (_, i) => String(i));

describe('RecentIndex', function () {
  this.timeout(20_000);
  let world: EmbeddedWorld;
  let store: LmqStore;

  beforeEach(async () => {
    // nothing is read from memory
    world = new EmbeddedWorld({ recentIndexQueues: MANY, tailBytes: 0, maxIdleQueues: 3 });
    store = await world.start();
  });

  afterEach(() => world.dispose());

  /** So many commits with a message for each topic. */
  async function fill(
    commits: number,
    topics: readonly string[] = TOPICS,
    from = 0,
  ): Promise<void> {
    for (let i = from; i < from + commits; i++) {
      for (const topic of topics) publish(store, topic, String(i));
      await store.committed(store.openCommit);
    }
  }

  /** Entries on disk of a keyspace; stops the store. */
  async function onDisk(...keyspaces: Keyspace[]): Promise<number[]> {
    await store.stop();
    const engine = openEngine(world.directory);
    await engine.open();
    const counts: number[] = [];
    for (const keyspace of keyspaces) {
      counts.push((await engine.read(keyspaceRange(keyspace), 100_000)).length);
    }
    await engine.close();
    return counts;
  }

  /** Values of recent entries, entries of the index; stops the store. */
  const indexOnDisk = (): Promise<number[]> => onDisk(Keyspace.RECENT_INDEX, Keyspace.INDEX);

  async function expectNumbers(count: number, topics: readonly string[] = TOPICS): Promise<void> {
    for (const topic of topics) {
      const found = await payloads(store, topicQueueName(topic));
      expect(found, topic).to.deep.equal(numbersTo(count));
    }
  }

  /** Lets time pass until all is joined. */
  async function joinAll(): Promise<void> {
    world.clock.advance(10_000);
    for (let i = 0; i < 30; i++) {
      world.clock.advance(10);
      await store.committed(store.openCommit);
    }
  }

  it('has one value for a commit to many queues, and later one entry for each queue', async () => {
    await fill(5);
    await expectNumbers(5);
    expect(await indexOnDisk()).to.deep.equal([5, 0]);
    store = await world.reopen();
    await expectNumbers(5);
    await joinAll();
    await expectNumbers(5);
    expect(await indexOnDisk()).to.deep.equal([0, TOPICS.length]);
    store = await world.reopen();
    await expectNumbers(5);
    await fill(2, TOPICS, 5);
    await expectNumbers(7);
  });

  it('has an entry for each queue of a commit to few of them, or with much for each', async () => {
    await fill(3, TOPICS.slice(0, MANY - 1));
    for (const topic of TOPICS) for (const n of numbersTo(4)) publish(store, topic, n);
    await store.committed(store.openCommit);
    expect(await indexOnDisk()).to.deep.equal([0, 3 * (MANY - 1) + TOPICS.length]);
  });

  it('keeps the order of a queue that has entries to be joined: the next ones wait too', async () => {
    await fill(2);
    const [first = ''] = TOPICS;
    await fill(3, [first, 'other'], 2);
    await expectNumbers(5, [first]);
    expect(await indexOnDisk()).to.deep.equal([5, 3]);
    store = await world.reopen();
    await expectNumbers(5, [first]);
    await joinAll();
    await fill(1, [first], 5);
    await expectNumbers(6, [first]);
    await expectNumbers(2, TOPICS.slice(1));
    expect(await indexOnDisk()).to.deep.equal([0, TOPICS.length + 3 + 1]);
  });

  it('joins with the commits that bring more, before the next generation is full', async () => {
    await store.stop();
    const recentIndexBytes = 2_000;
    store = await world.start({ recentIndexBytes });
    await fill(100);
    const [values = NaN, entries = NaN] = await indexOnDisk();
    // a value takes 5 bytes and 8 to 9 for each of the 20 queues
    expect(values * (5 + 20 * 8)).to.be.below(2 * recentIndexBytes);
    expect(entries).to.be.within(TOPICS.length * 3, TOPICS.length * 12);
    store = await world.reopen({ recentIndexBytes });
    await expectNumbers(100);
  });

  it('begins another entry when one has become long', async () => {
    await fill(700);
    await joinAll();
    await expectNumbers(700);
    const [values, entries = NaN] = await indexOnDisk();
    expect(values).to.equal(0);
    // 4 to 6 bytes for each record, at most 1 KiB in one
    expect(entries).to.be.within(TOPICS.length * 3, TOPICS.length * 5);
    store = await world.reopen();
    await expectNumbers(700);
  });

  it('expires with the log, and no queue with messages to be joined is forgotten', async () => {
    await fill(3);
    await world.passTime(2 * DAY_MS);
    await fill(2, TOPICS.slice(10), 3);
    await world.passTime(2 * DAY_MS);
    for (const [i, topic] of TOPICS.entries()) {
      const queue = await store.openQueue(topicQueueName(topic));
      // those of which nothing is left may begin anew
      if (i < 10) expect(queue.minOffset).to.equal(queue.maxOffset);
      else expect([queue.minOffset, queue.maxOffset], topic).to.deep.equal([3, 5]);
      store.closeQueue(queue);
      expect(await payloads(store, topicQueueName(topic))).to.deep.equal(i < 10 ? [] : ['3', '4']);
    }
  });

  it('is in a backup', async () => {
    await fill(4);
    if (!isBackupSource(store)) throw new Error('it cannot be backed up');
    const parent = await makeTempDir();
    const directory = join(parent, 'copy');
    await store.backUp(directory, () => undefined, new AbortController().signal);
    const copy = createEmbeddedStore({ directory, clock: world.clock });
    await copy.start();
    for (const topic of TOPICS) {
      expect(await payloads(copy, topicQueueName(topic))).to.deep.equal(numbersTo(4));
    }
    await copy.stop();
    await removeTempDir(parent);
  });

  for (const [what, change] of [
    ['a changed byte', ({ key, value }: KvEntry) => [key, value.fill(1, 9, 10)]],
    [
      'a number that the log has not reached',
      ({ value }: KvEntry) => [Buffer.of(0x21, 0, 0, 0, 0, 0, 1, 0, 0), value],
    ],
    ['a key that is none', ({ value }: KvEntry) => [Buffer.of(0x21, 7), value]],
  ] as const) {
    it(`refuses to start with ${what} in it`, async () => {
      await fill(2);
      await store.stop();
      const engine = openEngine(world.directory);
      await engine.open();
      const [entry] = await engine.read(keyspaceRange(Keyspace.RECENT_INDEX), 1);
      const batch = engine.batch();
      const [key, value] = change(entry as KvEntry) as [Buffer, Buffer];
      batch.put(key, value);
      await new Promise((resolve) => batch.write(true, resolve));
      await engine.close();
      const error = await rejection(world.start());
      expect((error as StoreError).code).to.equal(ErrorCode.STORE_CORRUPT);
      expect((error as StoreError).message).to.match(/recent index entries of key 0x21/);
    });
  }

  it('ends nothing that waits for a join when the store stops', async () => {
    await fill(3);
    // retention has asked for a join, and no time passes for it
    world.clock.advance(4 * DAY_MS);
    await fill(1, ['other']);
    world.clock.advance(60_000);
    await eventually('records to expire', () => store.stats.recordsExpired > 0);
    store = await world.reopen();
    await fill(1, TOPICS, 3);
  });
});
