import { ErrorCode, StoreError } from '../../common/errors.ts';
import { isWildcardFilter } from '../../common/topic/topic-filter.ts';
import type { LmqStore, StoreStats } from '../spi/lmq-store.ts';
import { filterQueueName } from '../spi/queue-name.ts';
import type {
  Arrival,
  CommitListener,
  CommitNumber,
  PullResult,
  Queue,
  QueueName,
  QueueOffset,
  Segment,
  StateSpace,
  StoreTopic,
} from '../spi/types.ts';
import { BlockCache } from './block-cache.ts';
import type { CommitPart, CommitTrigger } from './commit-part.ts';
import { FilterTable } from './filter-table.ts';
import { GroupCommit } from './group-commit.ts';
import { createKvEngine, type KvEngine } from './kv-engine.ts';
import { IndexSweep } from './index-sweep.ts';
import type { LmqQueue } from './lmq-queue.ts';
import { LogBounds } from './log-bounds.ts';
import { OffsetTable } from './offset-table.ts';
import { QueueDictionary } from './queue-dictionary.ts';
import { QueueIndex } from './queue-index.ts';
import { QueueReader } from './queue-reader.ts';
import { QueueTable } from './queue-table.ts';
import { RecordLog } from './record-log.ts';
import {
  checkFormat,
  prepareDirectory,
  restoreBounds,
  restoreDictionary,
  restoreFilters,
} from './recovery.ts';
import { Retention } from './retention.ts';
import { StateTable } from './state-table.ts';
import {
  DEFAULT_STORE_OPTIONS,
  FlushDiskType,
  type EmbeddedStoreOptions,
} from './store-options.ts';
import { TailRing } from './tail-ring.ts';
import { TopicTable } from './topic-table.ts';

/** Bytes of log between two marks at most. */
const MAX_MARK_BYTES = 16 * 1024 * 1024;

/** The LMQ store on RocksDB, in this process. Assembles the parts. */
class EmbeddedStore implements LmqStore {
  readonly #options: EmbeddedStoreOptions;
  readonly #engine: KvEngine;
  readonly #bounds: LogBounds;
  readonly #tail: TailRing;
  readonly #dictionary: QueueDictionary;
  readonly #queues: QueueTable;
  readonly #filters: FilterTable;
  readonly #topics: TopicTable;
  readonly #log: RecordLog;
  readonly #offsets: OffsetTable;
  readonly #states: StateTable;
  readonly #reader: QueueReader;
  readonly #retention: Retention;
  readonly #commits: GroupCommit;
  readonly #arrivalListeners: ((arrivals: readonly Arrival[]) => void)[] = [];
  readonly #writableListeners: (() => void)[] = [];
  #isPaused = false;
  #stopped: Promise<void> | undefined;

  constructor(options: EmbeddedStoreOptions, engine: KvEngine) {
    this.#options = options;
    this.#engine = engine;
    const parts: CommitPart[] = [];
    const commits = new GroupCommit(
      engine,
      options.flushDiskType === FlushDiskType.SYNC_FLUSH,
      parts,
    );
    const trigger: CommitTrigger = commits;
    const index = new QueueIndex(engine);
    this.#commits = commits;
    this.#bounds = new LogBounds(markBytes(options));
    this.#tail = new TailRing(options.tailBytes);
    this.#dictionary = new QueueDictionary(engine, trigger);
    this.#queues = new QueueTable(this.#dictionary, index, this.#bounds, options.maxIdleQueues);
    this.#filters = new FilterTable(trigger);
    this.#topics = new TopicTable(this.#queues, this.#filters, options.maxIdleTopics);
    this.#log = new RecordLog(
      options.clock,
      trigger,
      this.#topics,
      this.#queues,
      this.#bounds,
      this.#tail,
      options.blockBytes,
    );
    this.#offsets = new OffsetTable(engine, trigger);
    this.#states = new StateTable(engine, trigger);
    const cache = new BlockCache(options.cacheBytes / 2);
    this.#reader = new QueueReader(engine, index, this.#bounds, this.#tail, cache);
    this.#retention = new Retention(
      options,
      engine,
      this.#bounds,
      this.#queues,
      index,
      this.#tail,
      trigger,
      new IndexSweep(engine, this.#bounds, index),
    );
    // the log first: its `ready` waits until the dictionary knows the ids
    parts.push(
      this.#log,
      this.#dictionary,
      this.#filters,
      this.#offsets,
      this.#states,
      this.#retention,
    );
    commits.onSettled((isDurable) => {
      this.#announce(isDurable);
    });
  }

  async start(): Promise<void> {
    const { directory } = this.#options;
    await prepareDirectory(directory);
    await this.#engine.open();
    try {
      await checkFormat(this.#engine);
      await restoreBounds(this.#engine, this.#bounds);
      await restoreDictionary(this.#engine, this.#dictionary);
      await restoreFilters(this.#engine, this.#filters);
    } catch (error) {
      await this.#engine.close();
      throw error;
    }
    this.#log.start();
    this.#retention.start();
    const { start, end } = this.#bounds;
    const fields = { directory, firstBlock: start.block, nextBlock: end.block };
    this.#options.logger.info(fields, 'store is open');
  }

  stop(): Promise<void> {
    return (this.#stopped ??= this.#stop());
  }

  get openCommit(): CommitNumber {
    return this.#commits.openCommit;
  }

  get backlogBytes(): number {
    return this.#log.backlogBytes + this.#commits.backlogBytes;
  }

  get writable(): boolean {
    if (!this.#isPaused && this.backlogBytes > this.#options.maxBacklogBytes) this.#isPaused = true;
    return !this.#isPaused;
  }

  get stats(): StoreStats {
    return {
      commits: this.#commits.durableCommits,
      recordsAppended: this.#log.recordsAppended,
      bytesAppended: this.#log.bytesAppended,
      tailBytes: this.#tail.bytes,
      tailHits: this.#reader.tailHits,
      tailMisses: this.#reader.tailMisses,
      openQueues: this.#queues.openQueues,
      recordsExpired: this.#retention.recordsExpired,
    };
  }

  topic(name: string): StoreTopic {
    return this.#topics.get(name);
  }

  append(
    topic: StoreTopic,
    flags: number,
    publisher: Buffer,
    properties: Buffer,
    expirySeconds: number,
    payload: Buffer,
    payloadStart: number,
    payloadEnd: number,
  ): CommitNumber {
    return this.#log.append(
      topic,
      flags,
      publisher,
      properties,
      expirySeconds,
      payload,
      payloadStart,
      payloadEnd,
    );
  }

  onCommit(listener: CommitListener): void {
    this.#commits.onCommit(listener);
  }

  onArrival(listener: (arrivals: readonly Arrival[]) => void): void {
    this.#arrivalListeners.push(listener);
  }

  onWritable(listener: () => void): void {
    this.#writableListeners.push(listener);
  }

  committed(commit: CommitNumber): Promise<void> {
    return this.#commits.committed(commit);
  }

  openQueue(name: QueueName): Promise<Queue> {
    return this.#queues.open(name);
  }

  closeQueue(queue: Queue): void {
    this.#queues.close(queue as LmqQueue);
  }

  tail(queue: Queue, offset: QueueOffset): Segment | undefined {
    return this.#reader.tail(queue as LmqQueue, offset);
  }

  pull(
    queue: Queue,
    offset: QueueOffset,
    maxMessages: number,
    maxBytes: number,
  ): Promise<PullResult> {
    return this.#reader.pull(queue as LmqQueue, offset, maxMessages, maxBytes);
  }

  commitOffset(consumer: string, queue: Queue, offset: QueueOffset): CommitNumber {
    return this.#offsets.commit(consumer, queue as LmqQueue, offset);
  }

  loadOffset(consumer: string, queue: Queue): Promise<QueueOffset | undefined> {
    return this.#offsets.load(consumer, queue as LmqQueue);
  }

  deleteOffset(consumer: string, queue: Queue): CommitNumber {
    return this.#offsets.delete(consumer, queue as LmqQueue);
  }

  putState(space: StateSpace, key: string, value: Buffer): CommitNumber {
    return this.#states.put(space, key, value);
  }

  deleteState(space: StateSpace, key: string): CommitNumber {
    return this.#states.delete(space, key);
  }

  getState(space: StateSpace, key: string): Promise<Buffer | undefined> {
    return this.#states.get(space, key);
  }

  scanState(space: StateSpace): AsyncIterable<{ readonly key: string; readonly value: Buffer }> {
    return this.#states.scan(space);
  }

  async acquireFilter(filter: string, durable: boolean): Promise<Queue> {
    if (isWildcardFilter(filter)) this.#filters.acquire(filter, durable);
    try {
      return await this.#queues.open(filterQueueName(filter));
    } catch (error) {
      this.#filters.release(filter, durable);
      throw error;
    }
  }

  releaseFilter(filter: string, durable: boolean): CommitNumber {
    return this.#filters.release(filter, durable);
  }

  pinFilter(filter: string): CommitNumber {
    return isWildcardFilter(filter) ? this.#filters.pin(filter) : this.#commits.touch(0);
  }

  unpinFilter(filter: string): CommitNumber {
    return this.#filters.unpin(filter);
  }

  listFilters(): readonly { filter: string; pinned: boolean; uses: number }[] {
    return this.#filters.list();
  }

  async #stop(): Promise<void> {
    await this.#retention.stop();
    await this.#commits.drain();
    const { directory } = this.#options;
    this.#commits.fail(
      new StoreError(ErrorCode.STORE_CLOSED, `the store in ${directory} is closed`),
    );
    await this.#engine.close();
  }

  /** After the listeners of a commit: the queues that grew, and room for publishers. */
  #announce(isDurable: boolean): void {
    const { arrivals } = this.#log;
    if (isDurable && arrivals.length > 0) {
      for (const listener of this.#arrivalListeners) listener(arrivals);
    }
    this.#queues.evictIdle();
    if (!this.#isPaused || this.backlogBytes > this.#options.maxBacklogBytes / 2) return;
    this.#isPaused = false;
    for (const listener of this.#writableListeners) listener();
  }
}

/** Steps in which retention removes the log: small beside a limit of its size. */
function markBytes({ maxLogBytes, blockBytes }: EmbeddedStoreOptions): number {
  if (maxLogBytes === 0) return MAX_MARK_BYTES;
  return Math.max(blockBytes, Math.min(MAX_MARK_BYTES, maxLogBytes / 16));
}

/** The store on RocksDB; `start` opens it. `engine` is for tests. */
export function createEmbeddedStore(
  options: Partial<EmbeddedStoreOptions> & Pick<EmbeddedStoreOptions, 'directory'>,
  engine?: KvEngine,
): LmqStore {
  const complete = { ...DEFAULT_STORE_OPTIONS, ...options };
  return new EmbeddedStore(
    complete,
    engine ??
      createKvEngine({
        directory: complete.directory,
        writeBufferBytes: complete.writeBufferBytes,
        cacheBytes: complete.cacheBytes / 2,
        compression: complete.compression,
      }),
  );
}
