import { expect } from 'chai';
import { createEmbeddedStore } from '../../../../src/lmq/embedded/embedded-store.ts';
import type { KvEngine } from '../../../../src/lmq/embedded/kv-engine.ts';
import type { KvRange } from '../../../../src/lmq/embedded/kv-range.ts';
import { queueOfIndexKey } from '../../../../src/lmq/embedded/layout/v1/index-key.ts';
import { Keyspace, keyspaceRange } from '../../../../src/lmq/embedded/layout/v1/keyspace.ts';
import { DEFAULT_STORE_OPTIONS } from '../../../../src/lmq/embedded/store-options.ts';
import type { LmqStore } from '../../../../src/lmq/spi/lmq-store.ts';
import { topicQueueName } from '../../../../src/lmq/spi/queue-name.ts';
import { publish, readFrom } from '../../../conformance/lmq-store/harness.ts';
import { eventually } from '../../../helpers/eventually.ts';
import { makeTempDir, removeTempDir } from '../../../helpers/temp-dir.ts';
import { ManualClock } from '../manual-clock.ts';
import { openEngine } from './embedded-world.ts';

const HOUR = 3_600_000;
const INDEX = keyspaceRange(Keyspace.INDEX);

interface Calls {
  reads: number;
  clears: number;
}

/** Counts what is done to the index. */
function counting(engine: KvEngine, calls: Calls): KvEngine {
  const count = (name: keyof Calls, { gte }: KvRange): void => {
    if (gte !== undefined && gte.compare(INDEX.gte) >= 0 && gte.compare(INDEX.lt) < 0)
      calls[name]++;
  };
  return new Proxy(engine, {
    get: (target, key) => {
      const value: unknown = Reflect.get(target, key, target);
      if (typeof value !== 'function') return value;
      const call = value.bind(target) as (range: KvRange, limit: number) => unknown;
      if (key !== 'read' && key !== 'clear') return call;
      return (range: KvRange, limit: number) => {
        count(key === 'read' ? 'reads' : 'clears', range);
        return call(range, limit);
      };
    },
  });
}

/** Topics with a record each in so many commits, in the order in which their queues are made. */
async function fill(store: LmqStore, counts: ReadonlyMap<string, number>): Promise<void> {
  const most = Math.max(...counts.values());
  for (let i = 0; i < most; i++) {
    for (const [topic, count] of counts) if (i < count) publish(store, topic, String(i));
    await store.committed(store.openCommit);
  }
}

const numbersTo = (count: number): string[] => Array.from({ length: count }, (_, i) => String(i));

describe('IndexSweep', () => {
  let directory: string;
  let store: LmqStore;
  let clock: ManualClock;
  let calls: Calls;

  beforeEach(async () => {
    directory = await makeTempDir();
    clock = new ManualClock();
    calls = { reads: 0, clears: 0 };
    const options = {
      ...DEFAULT_STORE_OPTIONS,
      directory,
      clock,
      fileReservedTimeMs: HOUR,
      retentionIntervalMs: 30_000,
      // an entry for each queue at once: recent-index.test.ts has those that are joined first
      recentIndexQueues: Infinity,
    };
    store = createEmbeddedStore(options, counting(openEngine(directory), calls));
    await store.start();
  });

  afterEach(async () => {
    await store.stop();
    await removeTempDir(directory);
  });

  /** Index entries of the queues on disk, by queue; stops the store. */
  async function entriesOnDisk(): Promise<number[]> {
    await store.stop();
    const engine = openEngine(directory);
    await engine.open();
    const perQueue = new Map<number, number>();
    for (const { key } of await engine.read(INDEX, 100_000)) {
      const id = queueOfIndexKey(key);
      perQueue.set(id, (perQueue.get(id) ?? 0) + 1);
    }
    await engine.close();
    return [...perQueue].sort(([a], [b]) => a - b).map(([, count]) => count);
  }

  /** Lets what was written before `fillLive` expire, and waits until the index is swept for that. */
  async function expire(expired: number, fillLive: () => Promise<void>): Promise<void> {
    clock.advance(HOUR + 120_000);
    await fillLive();
    await eventually('records to expire', () => {
      clock.advance(30_000);
      return store.stats.recordsExpired >= expired;
    });
    let before = -1;
    await eventually(
      'the sweep to end',
      () => {
        const isIdle = before === calls.reads + calls.clears;
        before = calls.reads + calls.clears;
        return isIdle;
      },
      10_000,
      100,
    );
  }

  it('leaves the live entries of each queue, or the newest one, however many there are', async () => {
    const expired = new Map<string, number>();
    const live = new Map<string, number>();
    for (const before of [1, 7, 41, 130]) {
      for (const after of [0, 1, 8, 40, 129]) {
        const topic = `t/${String(before)}/${String(after)}`;
        expired.set(topic, before);
        live.set(topic, after);
      }
    }
    const topics = [...expired.keys()];
    const queues = await Promise.all(topics.map((topic) => store.openQueue(topicQueueName(topic))));
    await fill(store, expired);
    const sum = [...expired.values()].reduce((a, b) => a + b);
    await expire(sum, () => fill(store, live));
    for (const [i, topic] of topics.entries()) {
      const [queue, before, after] = [queues[i], expired.get(topic), live.get(topic)];
      if (queue === undefined || before === undefined || after === undefined)
        throw new Error(topic);
      expect([queue.minOffset, queue.maxOffset], topic).to.deep.equal([before, before + after]);
      const payloads = (await readFrom(store, queue, before)).map(({ payload }) => payload);
      expect(payloads, topic).to.deep.equal(numbersTo(after));
    }
    const left = topics.map((topic) => Math.max(1, live.get(topic) ?? 0));
    expect(await entriesOnDisk()).to.have.members(left);
  });

  it('reads queues of few entries many at once: each read takes time from the thread that serves', async () => {
    const topics = Array.from({ length: 300 }, (_, i) => `t/${String(i)}`);
    const three = new Map(topics.map((topic) => [topic, 3]));
    const queues = await Promise.all(topics.map((topic) => store.openQueue(topicQueueName(topic))));
    await fill(store, three);
    calls.reads = 0;
    await expire(900, () => fill(store, new Map(topics.map((topic) => [topic, 2]))));
    // the deletions go with a commit
    expect(calls.clears).to.equal(0);
    // 16 queues in one; two more rounds at most, when the log's start moves again
    expect(calls.reads).to.be.within(1, topics.length / 4);
    expect(queues.every(({ minOffset }) => minOffset === 3)).to.equal(true);
    expect(await entriesOnDisk()).to.deep.equal(topics.map(() => 2));
  });
});
