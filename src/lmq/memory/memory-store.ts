import { StoreError, ErrorCode } from '../../common/errors.ts';
import { systemClock, type Clock } from '../../common/clock.ts';
import { isWildcardFilter } from '../../common/topic/topic-filter.ts';
import { BackPressure } from '../spi/back-pressure.ts';
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
import { MemoryCommits, type MemoryCommit } from './memory-commits.ts';
import { MemoryFilters } from './memory-filters.ts';
import { MemoryLog } from './memory-log.ts';
import { MemoryQueue } from './memory-queue.ts';
import { MemoryQueues } from './memory-queues.ts';
import { copyOfRecord, newRecord } from './memory-record.ts';
import { MemoryStates } from './memory-states.ts';

export interface MemoryStoreOptions {
  readonly clock?: Clock;
  /** Uncommitted bytes over which `writable` turns false; it turns true at half of it. */
  readonly maxBacklogBytes?: number;
  /** Bytes of records over which the oldest commits are forgotten. */
  readonly maxLogBytes?: number;
  /** Makes commits fail, for tests. */
  readonly fault?: (commit: CommitNumber) => Error | undefined;
}

const DEFAULT_BACKLOG_BYTES = 64 << 20;
const DEFAULT_LOG_BYTES = 256 << 20;

/** The reference implementation of the SPI: everything in maps, nothing survives. */
class MemoryStore implements LmqStore {
  readonly #clock: Clock;
  readonly #pressure: BackPressure;
  readonly #log: MemoryLog;
  readonly #commits: MemoryCommits;
  readonly #filters = new MemoryFilters();
  readonly #states = new MemoryStates();
  readonly #queues = new MemoryQueues(this.#filters);
  readonly #arrivalListeners: ((arrivals: readonly Arrival[]) => void)[] = [];
  readonly #writableListeners: (() => void)[] = [];
  #openQueues = 0;
  #commitCount = 0;
  #recordCount = 0;
  #byteCount = 0;
  #tailHits = 0;
  #tailMisses = 0;

  constructor(options: MemoryStoreOptions) {
    this.#clock = options.clock ?? systemClock;
    this.#pressure = new BackPressure(options.maxBacklogBytes ?? DEFAULT_BACKLOG_BYTES);
    this.#log = new MemoryLog(options.maxLogBytes ?? DEFAULT_LOG_BYTES);
    this.#commits = new MemoryCommits(
      (commit) => this.#apply(commit),
      () => {
        if (!this.#pressure.hasEased(this.backlogBytes)) return;
        for (const listener of this.#writableListeners) listener();
      },
      options.fault ?? (() => undefined),
    );
  }

  async start(): Promise<void> {
    // nothing to open
  }

  async stop(): Promise<void> {
    const last = this.#commits.open;
    if (last.bytes > 0) await this.#commits.committed(last.number).catch(() => undefined);
    this.#commits.fail(new StoreError(ErrorCode.STORE_CLOSED, 'the store is stopped'));
  }

  get openCommit(): CommitNumber {
    return this.#commits.open.number;
  }

  get backlogBytes(): number {
    return this.#commits.open.bytes;
  }

  get writable(): boolean {
    return this.#pressure.takesMore(this.backlogBytes);
  }

  get stats(): StoreStats {
    return {
      commits: this.#commitCount,
      recordsAppended: this.#recordCount,
      bytesAppended: this.#byteCount,
      tailBytes: this.#log.bytes,
      tailHits: this.#tailHits,
      tailMisses: this.#tailMisses,
      openQueues: this.#openQueues,
      recordsExpired: this.#log.recordsExpired,
      minimaMoved: this.#log.minimaMoved,
      recordsStored: this.#log.records,
      bytesStored: this.#log.bytes,
    };
  }

  topic(name: string): StoreTopic {
    return this.#queues.topic(name);
  }

  directTopic(name: string, queue: Queue): StoreTopic {
    return this.#queues.directTopic(name, MemoryQueue.of(queue));
  }

  append(
    topic: StoreTopic,
    head: MessageHead,
    payload: Buffer,
    payloadStart: number,
    payloadEnd: number,
  ): CommitNumber {
    const now = this.#clock.now();
    return this.#add(topic, newRecord(topic.bytes, head, now, payload, payloadStart, payloadEnd));
  }

  appendRun(
    topic: StoreTopic,
    head: MessageHead,
    { source, starts, ends, count }: PayloadRun,
  ): CommitNumber {
    for (let i = 0; i < count; i++) {
      const [start, end] = [starts[i] as number, ends[i] as number];
      this.append(topic, head, source, start, end);
    }
    return this.openCommit;
  }

  appendRecord(topic: StoreTopic, record: Buffer, start: number, origin: number): CommitNumber {
    return this.#add(topic, copyOfRecord(record, start, this.#clock.now(), origin));
  }

  #add(topic: StoreTopic, record: Buffer): CommitNumber {
    const size = record.length;
    const commit = this.#commits.write(size);
    commit.add(record, this.#queues.ofTopic(topic));
    this.#recordCount++;
    this.#byteCount += size;
    return commit.number;
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
    const queue = this.#queues.get(name);
    queue.uses++;
    this.#openQueues++;
    return Promise.resolve(queue);
  }

  closeQueue(queue: Queue): void {
    MemoryQueue.of(queue).uses--;
    this.#openQueues--;
  }

  tail(queue: Queue, offset: QueueOffset): Segment | undefined {
    const memoryQueue = MemoryQueue.of(queue);
    const segment = memoryQueue.segment(memoryQueue.indexOf(offset));
    if (segment === undefined) this.#tailMisses++;
    else this.#tailHits++;
    return segment;
  }

  pull(
    queue: Queue,
    offset: QueueOffset,
    maxMessages: number,
    maxBytes: number,
  ): Promise<PullResult> {
    return Promise.resolve(MemoryQueue.of(queue).pull(offset, maxMessages, maxBytes));
  }

  commitOffset(consumer: string, queue: Queue, offset: QueueOffset): CommitNumber {
    MemoryQueue.of(queue).offsets.set(consumer, offset);
    return this.#commits.write(consumer.length + 8).number;
  }

  loadOffset(consumer: string, queue: Queue): Promise<QueueOffset | undefined> {
    return Promise.resolve(MemoryQueue.of(queue).offsets.get(consumer));
  }

  deleteOffset(consumer: string, queue: Queue): CommitNumber {
    MemoryQueue.of(queue).offsets.delete(consumer);
    return this.#commits.write(consumer.length).number;
  }

  putState(space: StateSpace, key: string, value: Buffer): CommitNumber {
    return this.#writeState(space, key, Buffer.from(value));
  }

  deleteState(space: StateSpace, key: string): CommitNumber {
    return this.#writeState(space, key, undefined);
  }

  getState(space: StateSpace, key: string): Promise<Buffer | undefined> {
    return Promise.resolve(this.#states.read(space, key));
  }

  scanState(
    space: StateSpace,
    after?: string,
  ): AsyncIterable<{ readonly key: string; readonly value: Buffer }> {
    return this.#states.scan(space, after);
  }

  acquireFilter(filter: string, durable: boolean): Promise<Queue> {
    if (isWildcardFilter(filter)) {
      this.#filters.acquire(filter, durable);
      this.#commits.write(filter.length);
    }
    return this.openQueue(filterQueueName(filter));
  }

  releaseFilter(filter: string, durable: boolean): CommitNumber {
    if (isWildcardFilter(filter)) this.#filters.release(filter, durable);
    return this.#commits.write(filter.length).number;
  }

  pinFilter(filter: string): CommitNumber {
    if (isWildcardFilter(filter)) this.#filters.pin(filter);
    return this.#commits.write(filter.length).number;
  }

  unpinFilter(filter: string): CommitNumber {
    if (isWildcardFilter(filter)) this.#filters.unpin(filter);
    return this.#commits.write(filter.length).number;
  }

  listFilters(): readonly { filter: string; pinned: boolean; uses: number }[] {
    return this.#filters.list();
  }

  #writeState(space: StateSpace, key: string, value: Buffer | undefined): CommitNumber {
    this.#states.write(space, key, value);
    const commit = this.#commits.write(key.length + (value?.length ?? 0));
    commit.states.push({ space, key, value });
    return commit.number;
  }

  /** Makes a commit visible; what it returns announces it. */
  #apply(commit: MemoryCommit): () => void {
    this.#commitCount++;
    this.#states.commit(commit.states);
    const arrivals: Arrival[] = [];
    const buffer = Buffer.concat(commit.records, commit.recordBytes);
    for (const [queue, positions] of commit.positions) {
      const { firstOffset, count } = queue.grow(buffer, positions);
      arrivals.push({ queue, firstOffset, count });
    }
    if (arrivals.length > 0) {
      this.#log.push({
        bytes: buffer.length,
        records: commit.records.length,
        queues: [...commit.positions.keys()],
      });
    }
    return () => {
      if (arrivals.length > 0) for (const listener of this.#arrivalListeners) listener(arrivals);
    };
  }
}

/** A store in memory, for tests and as the reference of the SPI. Bounded: it forgets its oldest records. */
export function createMemoryStore(options: MemoryStoreOptions = {}): LmqStore {
  return new MemoryStore(options);
}
