import { expect } from 'chai';
import { createEmbeddedStore } from '../../../../src/lmq/embedded/embedded-store.ts';
import type { KvEngine, KvEntry } from '../../../../src/lmq/embedded/kv-engine.ts';
import type { KvRange } from '../../../../src/lmq/embedded/kv-range.ts';
import { Keyspace, keyspaceRange } from '../../../../src/lmq/embedded/layout/v1/keyspace.ts';
import { DEFAULT_STORE_OPTIONS } from '../../../../src/lmq/embedded/store-options.ts';
import { put } from '../../../conformance/lmq-store/harness.ts';
import { eventually } from '../../../helpers/eventually.ts';
import { makeTempDir, removeTempDir } from '../../../helpers/temp-dir.ts';
import { ManualClock } from '../manual-clock.ts';
import { openEngine } from './embedded-world.ts';

/** Reads of the queues' names wait, as those of many queues do under load. */
function withSlowSweep(engine: KvEngine, released: Promise<void>): KvEngine {
  const { lt } = keyspaceRange(Keyspace.ID_TO_NAME);
  return new Proxy(engine, {
    get: (target, key) => {
      if (key === 'read') {
        return async (range: KvRange, limit: number): Promise<KvEntry[]> => {
          if (range.lt?.equals(lt) === true && limit > 1) await released;
          return target.read(range, limit);
        };
      }
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === 'function' ? (value as () => void).bind(target) : value;
    },
  });
}

describe('Retention while index entries are swept', () => {
  it('keeps the log within its size', async () => {
    const directory = await makeTempDir();
    const clock = new ManualClock();
    let release: () => void = () => undefined;
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    const limit = 400_000;
    const store = createEmbeddedStore(
      {
        ...DEFAULT_STORE_OPTIONS,
        directory,
        clock,
        maxLogBytes: limit,
        blockBytes: 8_192,
        fileReservedTimeMs: 0,
        retentionIntervalMs: 30_000,
      },
      withSlowSweep(openEngine(directory), released),
    );
    await store.start();
    try {
      for (let round = 1; round <= 3; round++) {
        for (let i = 0; i < 60; i++) await put(store, 't', 'x'.repeat(10_000));
        await store.committed(store.openCommit);
        clock.advance(61_000);
        await eventually('the log to be cut', () => {
          clock.advance(30_000);
          return store.stats.bytesStored <= limit;
        });
      }
      expect(store.stats.recordsExpired).to.be.at.least(140);
    } finally {
      release();
      await store.stop();
      await removeTempDir(directory);
    }
  });
});
