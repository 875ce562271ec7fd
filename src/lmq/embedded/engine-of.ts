import { createKvEngine, type KvEngine } from './kv-engine.ts';
import type { EmbeddedStoreOptions } from './store-options.ts';

/** The engine of a store, or of a copy of one; not open. */
export function engineOf(
  options: Pick<
    EmbeddedStoreOptions,
    'directory' | 'writeBufferBytes' | 'cacheBytes' | 'compression'
  >,
): KvEngine {
  const { directory, writeBufferBytes, cacheBytes, compression } = options;
  return createKvEngine({ directory, writeBufferBytes, cacheBytes: cacheBytes / 2, compression });
}
