import { BlockCache } from './block-cache.ts';
import type { CommitPart } from './commit-part.ts';
import { DeadQueues } from './dead-queues.ts';
import { ExpiredEntries } from './expired-entries.ts';
import { FilterTable } from './filter-table.ts';
import { GroupCommit } from './group-commit.ts';
import { IndexSweep } from './index-sweep.ts';
import type { KvEngine } from './kv-engine.ts';
import { LogBounds } from './log-bounds.ts';
import { OffsetTable } from './offset-table.ts';
import { QueueDictionary } from './queue-dictionary.ts';
import { QueueIndex } from './queue-index.ts';
import { QueueMinimum } from './queue-minimum.ts';
import { QueueReader } from './queue-reader.ts';
import { QueueTable } from './queue-table.ts';
import { RecentIndex } from './recent-index.ts';
import { RecordLog } from './record-log.ts';
import { Retention } from './retention.ts';
import { StateTable } from './state-table.ts';
import { FlushDiskType, type EmbeddedStoreOptions } from './store-options.ts';
import { TailRing } from './tail-ring.ts';
import { TopicTable } from './topic-table.ts';

/** The parts of an embedded store, wired. */
export interface StoreParts {
  readonly engine: KvEngine;
  readonly commits: GroupCommit;
  readonly bounds: LogBounds;
  readonly minimum: QueueMinimum;
  readonly tail: TailRing;
  readonly dictionary: QueueDictionary;
  readonly queues: QueueTable;
  readonly filters: FilterTable;
  readonly topics: TopicTable;
  readonly recent: RecentIndex;
  readonly log: RecordLog;
  readonly offsets: OffsetTable;
  readonly states: StateTable;
  readonly reader: QueueReader;
  readonly retention: Retention;
}

/** Bytes of log between two marks at most. */
const MAX_MARK_BYTES = 16 * 1024 * 1024;

export function assembleParts(options: EmbeddedStoreOptions, engine: KvEngine): StoreParts {
  const inCommitOrder: CommitPart[] = [];
  const isSync = options.flushDiskType === FlushDiskType.SYNC_FLUSH;
  const commits = new GroupCommit(engine, isSync, inCommitOrder);
  const recent = new RecentIndex(options, commits);
  const index = new QueueIndex(engine, recent);
  const bounds = new LogBounds(markBytes(options));
  const minimum = new QueueMinimum(index, bounds);
  const tail = new TailRing(options.tailBytes);
  const dictionary = new QueueDictionary(engine, commits);
  const queues = new QueueTable(dictionary, index, bounds, minimum, options.maxIdleQueues);
  const filters = new FilterTable(commits);
  const topics = new TopicTable(queues, filters, options.maxIdleTopics);
  const log = new RecordLog(options, commits, topics, queues, bounds, tail, recent);
  const offsets = new OffsetTable(engine, commits);
  const states = new StateTable(engine, commits);
  const cache = new BlockCache(options.cacheBytes / 2);
  const reader = new QueueReader(engine, index, bounds, minimum, tail, cache);
  const dead = new DeadQueues(engine, commits, queues, dictionary);
  const expired = new ExpiredEntries(commits);
  const sweep = new IndexSweep(engine, bounds, index, queues, minimum, dead, expired);
  const retention = new Retention(options, engine, bounds, tail, commits, sweep);
  // as `PartOfCommit` has them
  inCommitOrder.push(log, recent, dead, dictionary, filters, offsets, states, retention, expired);
  if (options.maxLogBytes > 0) {
    commits.onSettled(() => {
      retention.grown();
    });
  }
  return {
    engine,
    commits,
    bounds,
    minimum,
    tail,
    dictionary,
    queues,
    filters,
    topics,
    recent,
    log,
    offsets,
    states,
    reader,
    retention,
  };
}

/** Steps in which retention removes the log: small beside a limit of its size. */
function markBytes({ maxLogBytes, blockBytes }: EmbeddedStoreOptions): number {
  if (maxLogBytes === 0) return MAX_MARK_BYTES;
  return Math.max(blockBytes, Math.min(MAX_MARK_BYTES, maxLogBytes / 16));
}
