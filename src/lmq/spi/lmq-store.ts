import type { Service } from '../../common/lifecycle.ts';
import type { MessageHead } from './message-head.ts';
import type { PayloadRun } from './payload-run.ts';
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
} from './types.ts';

/**
 * The write path. Everything written between two commits (records, state, offsets, filters) becomes
 * durable together or not at all. The open commit is closed at the end of a turn of the event loop
 * at the earliest, so what one synchronous piece of code writes is one unit.
 */
export interface CommitLog {
  /** The commit that the next write will belong to. */
  readonly openCommit: CommitNumber;
  /** Bytes written but not yet durable. */
  readonly backlogBytes: number;
  /** False while `backlogBytes` is over its limit: publishers must be paused until `onWritable`. */
  readonly writable: boolean;

  /** Handle of a topic name; the same object for the same name while anyone may use it. */
  topic(name: string): StoreTopic;
  /** A handle whose records carry the topic name but go to this queue alone; to be used while it is open. */
  directTopic(name: string, queue: Queue): StoreTopic;

  /**
   * Appends one record to the queue of its topic and to that of every registered filter that matches
   * (a P2P topic: to the peer's queue only). Copies what it is given. Never throws for a full store:
   * failure is reported by the commit.
   * @param payload is `payload[payloadStart, payloadEnd)`
   */
  append(
    topic: StoreTopic,
    head: MessageHead,
    payload: Buffer,
    payloadStart: number,
    payloadEnd: number,
  ): CommitNumber;

  /**
   * The same for several that are alike in all but the payload, in one commit: as many calls of `append`. Absent where
   * that would bring nothing.
   */
  appendRun?(topic: StoreTopic, head: MessageHead, run: PayloadRun): CommitNumber;

  /**
   * Appends a finished record (`record.ts`), which begins at `start`, as `append` does one in parts. Copies
   * it; the store time and the origin are filled in, all else stays as it is.
   * @param topic of the name that stands in the record
   * @param record holds a whole record at `start` (`isRecord`)
   * @param origin number of the gateway node that it comes from, or 0
   */
  appendRecord(topic: StoreTopic, record: Buffer, start: number, origin: number): CommitNumber;

  /**
   * The same to one queue alone, which is open, whatever the topic of the record. Absent where a store has to be
   * told of topics.
   */
  appendToQueue?(queue: Queue, record: Buffer, start: number): CommitNumber;

  /** Called once per commit, in order, before the arrivals of that commit. */
  onCommit(listener: CommitListener): void;
  /** Called once per commit that holds records: every queue that grew. */
  onArrival(listener: (arrivals: readonly Arrival[]) => void): void;
  /** Called when `writable` turns true again. */
  onWritable(listener: () => void): void;
  /**
   * Resolves when the commit is durable. For rare operations.
   * @throws StoreError (rejection) with which the commit has failed
   */
  committed(commit: CommitNumber): Promise<void>;
}

/** The read path: queues by name, and the records in them. */
export interface LmqQueueStore {
  /**
   * Opens a queue, creating it when new. Hold it while its bounds or its tail are of interest.
   * @throws StoreError (rejection) when the store cannot be read or reached
   */
  openQueue(name: QueueName): Promise<Queue>;
  /** Gives back one `openQueue`. The handle must not be used afterwards. */
  closeQueue(queue: Queue): void;
  /** The segment that holds `offset` if it is still in memory. Never waits. */
  tail(queue: Queue, offset: QueueOffset): Segment | undefined;
  /**
   * Reads from `offset` on, from memory or disk.
   * @param maxMessages at the most, of whole records
   * @param maxBytes of records after which it ends; at least one record comes when there is one
   * @throws StoreError (rejection) when the store cannot be read or reached; STORE_CORRUPT for what is no record
   */
  pull(
    queue: Queue,
    offset: QueueOffset,
    maxMessages: number,
    maxBytes: number,
  ): Promise<PullResult>;
}

/** Consumer offsets. The consumer of an MQTT session is its client id. */
export interface LmqOffsetStore {
  /** @param offset of the record that the consumer is to get next */
  commitOffset(consumer: string, queue: Queue, offset: QueueOffset): CommitNumber;
  /**
   * The committed offset, or undefined when there is none.
   * @throws StoreError (rejection) when the store cannot be read or reached
   */
  loadOffset(consumer: string, queue: Queue): Promise<QueueOffset | undefined>;
  /** Forgets the offset of the consumer in one queue. */
  deleteOffset(consumer: string, queue: Queue): CommitNumber;
}

/** Small typed records by key. Keys are any UTF-8 strings. */
export interface StateStore {
  /**
   * Copies the value, unless it is given away.
   * @param isGiven the caller does not write to `value` any more
   */
  putState(space: StateSpace, key: string, value: Buffer, isGiven?: boolean): CommitNumber;
  /** A key that is not there is no error. */
  deleteState(space: StateSpace, key: string): CommitNumber;
  /**
   * Sees every write of this process, committed or not.
   * @throws StoreError (rejection) when the store cannot be read or reached
   */
  getState(space: StateSpace, key: string): Promise<Buffer | undefined>;
  /**
   * All entries in key order as of the call (committed ones).
   * @param after only those behind this key, which need not exist
   * @throws StoreError (of the iteration) when the store cannot be read or reached
   */
  scanState(
    space: StateSpace,
    after?: string,
  ): AsyncIterable<{ readonly key: string; readonly value: Buffer }>;
}

/**
 * The wildcard filters whose queues are filled at append. A filter stays registered while it is pinned
 * (by an operator) or acquired (by subscriptions). Exact topic filters need no registration and are
 * accepted for uniformity: they open the topic's own queue.
 */
export interface FilterTable {
  /**
   * Registers a use of `filter` and opens its queue; from the moment that this is called every later
   * `append` of a matching topic reaches the queue.
   * @param durable true when the use is of a persistent session and must survive a restart
   * @throws StoreError (rejection) when the queue cannot be opened; there is no use of the filter then
   */
  acquireFilter(filter: string, durable: boolean): Promise<Queue>;
  /** Takes one use back (closes no queue); the last one drops an unpinned filter. */
  releaseFilter(filter: string, durable: boolean): CommitNumber;
  /** Keeps the filter registered without subscribers. */
  pinFilter(filter: string): CommitNumber;
  /** Takes that back; the filter goes when nobody uses it. */
  unpinFilter(filter: string): CommitNumber;
  /** Registered wildcard filters with their uses. */
  listFilters(): readonly {
    readonly filter: string;
    readonly pinned: boolean;
    readonly uses: number;
  }[];
}

/** Figures of the store for metrics and tests, since its start unless they say `current`; others only read them. */
export interface StoreStats {
  /** That have become durable. */
  readonly commits: number;
  readonly recordsAppended: number;
  /** Of these records. */
  readonly bytesAppended: number;
  /** Current bytes of what `tail` finds in memory. */
  readonly tailBytes: number;
  /** Calls of `tail` that found a segment, and that did not. */
  readonly tailHits: number;
  readonly tailMisses: number;
  /** Current uses of queues: one for each `openQueue` that has not been given back. */
  readonly openQueues: number;
  /** Removed by retention. */
  readonly recordsExpired: number;
  /** How often the first offset of a queue that is in use has moved: some while after its records have gone. */
  readonly minimaMoved: number;
  /** Current records in the log: durable and not removed by retention. */
  readonly recordsStored: number;
  /** Of these records. */
  readonly bytesStored: number;
}

/**
 * The store as the gateway sees it: embedded, in memory, remote, or several remote ones as one. Every
 * implementation passes `test/conformance/lmq-store.suite.ts`. `stop` commits what is open.
 */
export interface LmqStore
  extends Service, CommitLog, LmqQueueStore, LmqOffsetStore, StateStore, FilterTable {
  readonly stats: StoreStats;
}
