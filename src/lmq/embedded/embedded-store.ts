import { ErrorCode, StoreError } from '../../common/errors.ts';
import { isWildcardFilter } from '../../common/topic/topic-filter.ts';
import { BackPressure } from '../spi/back-pressure.ts';
import type { ConsumerProgress, QueueProgress } from '../spi/consumer-progress.ts';
import type { BackupProgress, BackupSource } from '../spi/store-backup.ts';
import type { LmqStore, StoreStats } from '../spi/lmq-store.ts';
import type { MessageHead } from '../spi/message-head.ts';
import type { PayloadRun } from '../spi/payload-run.ts';
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
import type { FilterTable } from './filter-table.ts';
import { consumerOffsets } from './consumer-offsets.ts';
import type { GroupCommit } from './group-commit.ts';
import { engineOf, journaledEngineOf } from './engine-of.ts';
import type { KvEngine } from './kv-engine.ts';
import { LmqQueue } from './lmq-queue.ts';
import type { OffsetTable } from './offset-table.ts';
import type { QueueReader } from './queue-reader.ts';
import type { QueueTable } from './queue-table.ts';
import type { RecordLog } from './record-log.ts';
import { recover } from './recovery.ts';
import type { StateTable } from './state-table.ts';
import { DEFAULT_STORE_OPTIONS, type EmbeddedStoreOptions } from './store-options.ts';
import { backUp } from './store-backup.ts';
import { assembleParts, type StoreParts } from './store-parts.ts';
import { storeStatsOf } from './store-stats.ts';
import type { TopicTable } from './topic-table.ts';

/** The LMQ store on RocksDB, in this process: its parts behind the SPI. */
class EmbeddedStore implements LmqStore, ConsumerProgress, BackupSource {
  readonly #options: EmbeddedStoreOptions;
  readonly #parts: StoreParts;
  readonly #commits: GroupCommit;
  readonly #queues: QueueTable;
  readonly #filters: FilterTable;
  readonly #topics: TopicTable;
  readonly #log: RecordLog;
  readonly #offsets: OffsetTable;
  readonly #states: StateTable;
  readonly #reader: QueueReader;
  readonly #arrivalListeners: ((arrivals: readonly Arrival[]) => void)[] = [];
  readonly #writableListeners: (() => void)[] = [];
  readonly #pressure: BackPressure;
  #stopped: Promise<void> | undefined;

  constructor(options: EmbeddedStoreOptions, engine: KvEngine) {
    this.#options = options;
    this.#pressure = new BackPressure(options.maxBacklogBytes);
    this.#parts = assembleParts(options, engine);
    this.#commits = this.#parts.commits;
    this.#queues = this.#parts.queues;
    this.#filters = this.#parts.filters;
    this.#topics = this.#parts.topics;
    this.#log = this.#parts.log;
    this.#offsets = this.#parts.offsets;
    this.#states = this.#parts.states;
    this.#reader = this.#parts.reader;
    engine.onBroken?.((error) => {
      this.#commits.fail(error);
      // Those who write nothing are told too.
      this.#commits.touch(0);
    });
    this.#commits.onSettled((isDurable) => {
      this.#announce(isDurable);
    });
  }

  async start(): Promise<void> {
    await recover(this.#parts);
    this.#log.start();
    this.#parts.recent.start();
    this.#parts.retention.start();
    const { start, end } = this.#parts.bounds;
    const fields = {
      directory: this.#options.directory,
      firstBlock: start.block,
      nextBlock: end.block,
    };
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
    return this.#pressure.takesMore(this.backlogBytes);
  }

  get stats(): StoreStats {
    return storeStatsOf(this.#parts);
  }

  topic(name: string): StoreTopic {
    return this.#topics.get(name);
  }

  directTopic(name: string, queue: Queue): StoreTopic {
    return this.#topics.direct(name, LmqQueue.of(queue));
  }

  append(
    topic: StoreTopic,
    head: MessageHead,
    payload: Buffer,
    payloadStart: number,
    payloadEnd: number,
  ): CommitNumber {
    return this.#log.append(topic, head, payload, payloadStart, payloadEnd);
  }

  appendRun(topic: StoreTopic, head: MessageHead, run: PayloadRun): CommitNumber {
    return this.#log.appendRun(topic, head, run);
  }

  appendRecord(topic: StoreTopic, record: Buffer, start: number, origin: number): CommitNumber {
    return this.#log.appendRecord(topic, record, start, origin);
  }

  appendToQueue(queue: Queue, record: Buffer, start: number): CommitNumber {
    const topic = this.#topics.onlyTo(LmqQueue.of(queue));
    return this.#log.appendRecord(topic, record, start, 0);
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
    this.#queues.close(LmqQueue.of(queue));
  }

  tail(queue: Queue, offset: QueueOffset): Segment | undefined {
    return this.#reader.tail(LmqQueue.of(queue), offset);
  }

  pull(
    queue: Queue,
    offset: QueueOffset,
    maxMessages: number,
    maxBytes: number,
  ): Promise<PullResult> {
    return this.#reader.pull(LmqQueue.of(queue), offset, maxMessages, maxBytes);
  }

  commitOffset(consumer: string, queue: Queue, offset: QueueOffset): CommitNumber {
    return this.#offsets.commit(consumer, LmqQueue.of(queue), offset);
  }

  loadOffset(consumer: string, queue: Queue): Promise<QueueOffset | undefined> {
    return this.#offsets.load(consumer, LmqQueue.of(queue));
  }

  deleteOffset(consumer: string, queue: Queue): CommitNumber {
    return this.#offsets.delete(consumer, LmqQueue.of(queue));
  }

  consumerProgress(consumer: string, limit: number): Promise<readonly QueueProgress[]> {
    return consumerOffsets(this.#parts.engine, this.#queues, consumer, limit);
  }

  backUp(
    directory: string,
    tell: (progress: BackupProgress) => void,
    signal: AbortSignal,
  ): Promise<BackupProgress> {
    const create = (target: string): KvEngine => engineOf({ ...this.#options, directory: target });
    return backUp({ engine: this.#parts.engine, create, directory, tell, signal });
  }

  putState(space: StateSpace, key: string, value: Buffer, isGiven = false): CommitNumber {
    return this.#states.put(space, key, isGiven ? value : Buffer.from(value));
  }

  deleteState(space: StateSpace, key: string): CommitNumber {
    return this.#states.delete(space, key);
  }

  getState(space: StateSpace, key: string): Promise<Buffer | undefined> {
    return this.#states.get(space, key);
  }

  scanState(
    space: StateSpace,
    after?: string,
  ): AsyncIterable<{ readonly key: string; readonly value: Buffer }> {
    return this.#states.scan(space, after);
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
    this.#parts.recent.stop();
    await this.#parts.retention.stop();
    await this.#commits.drain();
    const { directory } = this.#options;
    this.#commits.fail(
      new StoreError(ErrorCode.STORE_CLOSED, `the store in ${directory} is closed`),
    );
    await this.#parts.engine.close();
  }

  /** After the listeners of a commit: the queues that grew, and room for publishers. */
  #announce(isDurable: boolean): void {
    const arrivals = this.#log.takeArrivals();
    if (isDurable && arrivals.length > 0) {
      for (const listener of this.#arrivalListeners) listener(arrivals);
    }
    this.#queues.evictIdle();
    if (!this.#pressure.hasEased(this.backlogBytes)) return;
    for (const listener of this.#writableListeners) listener();
  }
}

/** The store on RocksDB; `start` opens it. `engine` is for tests. */
export function createEmbeddedStore(
  options: Partial<EmbeddedStoreOptions> & Pick<EmbeddedStoreOptions, 'directory'>,
  engine?: KvEngine,
): LmqStore {
  const complete = { ...DEFAULT_STORE_OPTIONS, ...options };
  return new EmbeddedStore(complete, engine ?? journaledEngineOf(complete));
}
