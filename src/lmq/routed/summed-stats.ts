import type { StoreStats } from '../spi/lmq-store.ts';

const NOTHING: StoreStats = {
  commits: 0,
  recordsAppended: 0,
  bytesAppended: 0,
  tailBytes: 0,
  tailHits: 0,
  tailMisses: 0,
  openQueues: 0,
  recordsExpired: 0,
  minimaMoved: 0,
  recordsStored: 0,
  bytesStored: 0,
};

/** The figures of several stores as those of one. */
export function summedStats(all: readonly StoreStats[]): StoreStats {
  return all.reduce(
    (sum, stats) => ({
      commits: sum.commits + stats.commits,
      recordsAppended: sum.recordsAppended + stats.recordsAppended,
      bytesAppended: sum.bytesAppended + stats.bytesAppended,
      tailBytes: sum.tailBytes + stats.tailBytes,
      tailHits: sum.tailHits + stats.tailHits,
      tailMisses: sum.tailMisses + stats.tailMisses,
      openQueues: sum.openQueues + stats.openQueues,
      recordsExpired: sum.recordsExpired + stats.recordsExpired,
      minimaMoved: sum.minimaMoved + stats.minimaMoved,
      recordsStored: sum.recordsStored + stats.recordsStored,
      bytesStored: sum.bytesStored + stats.bytesStored,
    }),
    NOTHING,
  );
}
