import { JournaledEngine } from './journaled-engine.ts';
import { createKvEngine, type KvEngine } from './kv-engine.ts';
import { type EmbeddedStoreOptions, FlushDiskType } from './store-options.ts';

/** The engine of a store, or of a copy of one; not open. */
export function engineOf(
  options: Pick<
    EmbeddedStoreOptions,
    'directory' | 'writeBufferBytes' | 'cacheBytes' | 'compression' | 'logger'
  >,
): KvEngine {
  const { directory, writeBufferBytes, compression, logger } = options;
  const cacheBytes = options.cacheBytes / 2;
  return createKvEngine({ directory, writeBufferBytes, cacheBytes, compression, logger });
}

/** The engine of a store with the journal before it, which takes small commits; not open. */
export function journaledEngineOf(options: EmbeddedStoreOptions): KvEngine {
  const { clock, logger, journalSmallCommits, flushDiskType, journalBytesPerMs } = options;
  // The journal is not flushed for each commit, as SYNC_FLUSH promises.
  const isUsed = journalSmallCommits && flushDiskType === FlushDiskType.ASYNC_FLUSH;
  return new JournaledEngine(engineOf(options), clock, logger, isUsed, journalBytesPerMs);
}
