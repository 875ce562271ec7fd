import { expect } from 'chai';
import { createEmbeddedStore } from '../../../../src/lmq/embedded/embedded-store.ts';
import type { KvEngine } from '../../../../src/lmq/embedded/kv-engine.ts';
import type { KvRange } from '../../../../src/lmq/embedded/kv-range.ts';
import { Keyspace } from '../../../../src/lmq/embedded/layout/v1/keyspace.ts';
import { DEFAULT_STORE_OPTIONS } from '../../../../src/lmq/embedded/store-options.ts';
import type { LmqStore } from '../../../../src/lmq/spi/lmq-store.ts';
import { topicQueueName } from '../../../../src/lmq/spi/queue-name.ts';
import { PullStatus } from '../../../../src/lmq/spi/types.ts';
import { publish } from '../../../conformance/lmq-store/harness.ts';
import { eventually } from '../../../helpers/eventually.ts';
import { makeTempDir, removeTempDir } from '../../../helpers/temp-dir.ts';
import { ManualClock } from '../manual-clock.ts';
import { openEngine } from './embedded-world.ts';

const LIMIT = 400_000;
const MESSAGE = 'x'.repeat(1_000);
const QUEUES = 20;
const INTERVAL_MS = 30_000;

/** Whatever of the index is read, and every compaction, waits as it does while a load takes the machine. */
function withSlowIndex(engine: KvEngine, released: Promise<void>): KvEngine {
  const isIndex = ({ gte }: KvRange): boolean => gte?.[0] === Keyspace.INDEX;
  return new Proxy(engine, {
    get: (target, key) => {
      if (key === 'compact') return () => released;
      if (key === 'read') {
        return async (range: KvRange, limit: number) => {
          if (isIndex(range)) await released;
          return target.read(range, limit);
        };
      }
      if (key === 'scan') {
        return async function* (range: KvRange) {
          if (isIndex(range)) await released;
          yield* target.scan(range);
        };
      }
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === 'function' ? (value as () => void).bind(target) : value;
    },
  });
}

describe('Retention under a load that does not end', () => {
  let directory: string;
  let store: LmqStore;
  let release: () => void;
  const clock = new ManualClock();

  beforeEach(async () => {
    directory = await makeTempDir();
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    store = createEmbeddedStore(
      {
        ...DEFAULT_STORE_OPTIONS,
        directory,
        clock,
        maxLogBytes: LIMIT,
        blockBytes: 8_192,
        tailBytes: 50_000,
        fileReservedTimeMs: 0,
        retentionIntervalMs: INTERVAL_MS,
      },
      withSlowIndex(openEngine(directory), released),
    );
    await store.start();
  });

  afterEach(async () => {
    release();
    await store.stop();
    await removeTempDir(directory);
  });

  /** Appends a twentieth of the limit; more follows when the log is within 1.25 times its limit. */
  async function load(): Promise<void> {
    for (let i = 0; i < QUEUES; i++) publish(store, `t/${String(i)}`, MESSAGE);
    await store.committed(store.openCommit);
    await eventually('the log to be cut', () => store.stats.bytesStored <= 1.25 * LIMIT, 20_000, 1);
  }

  it('keeps the log within its limit and counts what it removes', async () => {
    for (let i = 0; i < QUEUES; i++) await store.openQueue(topicQueueName(`t/${String(i)}`));
    let removed = 0;
    for (let round = 1; round <= 4; round++) {
      for (let i = 0; i < 20; i++) {
        await load();
        clock.advance(INTERVAL_MS / 10);
      }
      if (round === 1) continue;
      expect(store.stats.recordsExpired, `round ${String(round)}`).to.be.above(removed);
      expect(store.stats.bytesStored).to.be.at.least(LIMIT / 2);
      removed = store.stats.recordsExpired;
    }
  }).timeout(60_000);

  it('does not wait for the next interval', async () => {
    for (let i = 0; i < 60; i++) await load();
    expect(store.stats.recordsExpired).to.be.above(QUEUES * 20);
  }).timeout(60_000);

  it('tells whoever reads a removed record where the queue begins now', async () => {
    const queue = await store.openQueue(topicQueueName('t/0'));
    for (let i = 0; i < 60; i++) await load();
    clock.advance(INTERVAL_MS);
    await eventually('the last cut', () => store.stats.bytesStored <= LIMIT, 20_000, 1);
    const pulled = store.pull(queue, 0, 10, 100_000);
    release();
    const { status, nextOffset } = await pulled;
    expect(status).to.equal(PullStatus.OFFSET_TOO_SMALL);
    expect(nextOffset).to.equal(queue.minOffset).and.to.be.above(0);
    const { status: next, segments } = await store.pull(queue, nextOffset, 10, 100_000);
    expect([next, segments[0]?.firstOffset]).to.deep.equal([PullStatus.FOUND, nextOffset]);
  }).timeout(60_000);
});
