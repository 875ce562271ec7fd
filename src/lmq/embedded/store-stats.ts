import type { StoreStats } from '../spi/lmq-store.ts';
import type { StoreParts } from './store-parts.ts';

/** What the parts of a store count, put together. */
export function storeStatsOf(parts: StoreParts): StoreStats {
  const { start, end } = parts.bounds;
  return {
    commits: parts.commits.durableCommits,
    recordsAppended: parts.log.recordsAppended,
    bytesAppended: parts.log.bytesAppended,
    tailBytes: parts.tail.bytes,
    tailHits: parts.reader.tailHits,
    tailMisses: parts.reader.tailMisses,
    openQueues: parts.queues.openQueues,
    recordsExpired: parts.retention.recordsExpired,
    minimaMoved: parts.minimum.moved,
    recordsStored: end.recordsBefore - start.recordsBefore,
    bytesStored: end.bytesBefore - start.bytesBefore,
  };
}
