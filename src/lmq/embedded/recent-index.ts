import type { Clock, Timer } from '../../common/clock.ts';
import { type CommitPart, type CommitTrigger, PartOfCommit } from './commit-part.ts';
import { IndexJoin } from './index-join.ts';
import type { KvBatch } from './kv-batch.ts';
import { RecentEntriesWriter } from './layout/v1/recent-entries.ts';
import { recentKey } from './layout/v1/recent-key.ts';
import type { EntrySource } from './layout/v1/index-entry.ts';
import { RecentGeneration } from './recent-generation.ts';
import { RecentQueue } from './recent-queue.ts';
import type { EmbeddedStoreOptions } from './store-options.ts';

/** When entries are joined however few they are. */
const MAX_AGE_MS = 10_000;
/** How long a join waits for a commit to go with. */
const IDLE_MS = 10;
/** Bytes of a slice for each byte that its commit adds, and of one that time asks for. */
const SLICE_SHARE = 2;
const IDLE_SLICE_BYTES = 8 * 1024;

interface Waiting {
  readonly generation: RecentGeneration;
  readonly resolve: () => void;
}

/**
 * Index entries of commits that have added little to many queues (ADR 801). They are stored together, one value for each
 * commit, and joined later: then a queue has one entry for many commits. Two generations are in memory: one that
 * grows, and the one before it while it is joined, which goes twice as fast. A queue that has an entry here gets no other one on
 * disk until that is joined, so that what is here is always newer than what is on disk.
 */
export class RecentIndex implements CommitPart {
  readonly #directory: string;
  readonly #trigger: CommitTrigger;
  readonly #clock: Clock;
  readonly #maxBytes: number;
  readonly #writer = new RecentEntriesWriter();
  #growing = new RecentGeneration(0);
  #join: IndexJoin | undefined;
  /** What the commit in flight adds. */
  #firstBlock = 0;
  #value: Buffer | undefined;
  /** The growing generation is to be joined next, however small it is. */
  #isDue = false;
  #ageTimer: Timer | undefined;
  #idleTimer: Timer | undefined;
  /** Load has written a slice since the idle timer was set; it has not, and the next commit shall have one. */
  #hasSlice = false;
  #wantsSlice = false;
  #isStopping = false;
  #waiting: Waiting[] = [];

  constructor(
    options: Pick<EmbeddedStoreOptions, 'directory' | 'clock' | 'recentIndexBytes'>,
    trigger: CommitTrigger,
  ) {
    this.#directory = options.directory;
    this.#clock = options.clock;
    this.#maxBytes = options.recentIndexBytes;
    this.#trigger = trigger;
  }

  get isEmpty(): boolean {
    return this.#growing.isEmpty && this.#join === undefined;
  }

  /** Whether a queue has entries here, so that the next one must come here too. */
  has(queueId: number): boolean {
    return (
      this.#growing.newest(queueId) !== -1 ||
      (this.#join !== undefined && this.#join.generation.newest(queueId) !== -1)
    );
  }

  /** The entries of a queue as of now. */
  of(queueId: number): RecentQueue {
    const generations = [this.#growing];
    if (this.#join !== undefined) generations.push(this.#join.generation);
    return new RecentQueue(this.#directory, queueId, generations);
  }

  /** Takes over what is on disk, in the order of the commits. */
  restore(firstBlock: number, value: Buffer): void {
    this.#growing.add(firstBlock, value);
  }

  start(): void {
    this.#goOn();
  }

  /** What is not joined stays on disk until the next start. */
  stop(): void {
    this.#isStopping = true;
    this.#ageTimer?.cancel();
    this.#idleTimer?.cancel();
    for (const { resolve } of this.#waiting) resolve();
    this.#waiting = [];
  }

  /** Resolves when all entries as of now are joined, or the store stops. */
  join(): Promise<void> {
    const generation = this.#growing.isEmpty ? this.#join?.generation : this.#growing;
    if (generation === undefined || this.#isStopping) return Promise.resolve();
    if (generation === this.#growing) this.#isDue = true;
    return new Promise((resolve) => {
      this.#waiting.push({ generation, resolve });
      this.#goOn();
    });
  }

  /** Begins what a commit adds; `add` follows before its `fill`. */
  begin(firstBlock: number): void {
    this.#firstBlock = firstBlock;
    this.#writer.begin(firstBlock);
  }

  /** @param first the queue's first segment of the commit */
  add(queueId: number, firstOffset: number, records: number, first: EntrySource): void {
    this.#writer.add(queueId, firstOffset, records, first);
  }

  seal(): void {
    // what the log has sealed is here
  }

  fill(batch: KvBatch): void {
    let added = 0;
    if (!this.#writer.isEmpty) {
      this.#value = this.#writer.take();
      added = this.#value.length;
      batch.put(recentKey(this.#firstBlock), this.#value);
    }
    const join = this.#join;
    if (join === undefined) return;
    if (added > 0) {
      // What a crash has left can be larger than a generation; it is done before the next one is full all the same.
      const haste = Math.ceil(join.generation.bytes / this.#maxBytes);
      join.write(batch, SLICE_SHARE * haste * added);
      this.#hasSlice = true;
    } else if (this.#wantsSlice) {
      join.write(batch, IDLE_SLICE_BYTES);
    }
    this.#wantsSlice = false;
  }

  settle(isDurable: boolean): void {
    const value = this.#value;
    this.#value = undefined;
    if (!isDurable) return;
    if (value !== undefined) this.#growing.add(this.#firstBlock, value);
    if (this.#join?.isComplete === true) {
      const { generation } = this.#join;
      this.#join = undefined;
      this.#wake(generation);
    }
    if (!this.isEmpty) this.#goOn();
  }

  /** Begins a join that is due, and sees that time will do what commits do not. */
  #goOn(): void {
    if (this.#isStopping) return;
    const growing = this.#growing;
    if (this.#join === undefined && (this.#isDue || growing.bytes >= this.#maxBytes)) {
      this.#isDue = false;
      this.#ageTimer?.cancel();
      this.#ageTimer = undefined;
      if (!growing.isEmpty) {
        this.#join = new IndexJoin(this.#directory, growing);
        this.#growing = new RecentGeneration(growing.queues.count);
      }
    }
    if (this.#join !== undefined) this.#idleTimer ??= this.#clock.after(IDLE_MS, this.#onIdle);
    if (!this.#growing.isEmpty) this.#ageTimer ??= this.#clock.after(MAX_AGE_MS, this.#onAge);
  }

  readonly #onIdle = (): void => {
    this.#idleTimer = undefined;
    if (this.#join === undefined) return;
    if (!this.#hasSlice) {
      this.#wantsSlice = true;
      this.#trigger.touch(0, PartOfCommit.RECENT_INDEX);
    }
    this.#hasSlice = false;
    this.#idleTimer = this.#clock.after(IDLE_MS, this.#onIdle);
  };

  readonly #onAge = (): void => {
    this.#ageTimer = undefined;
    this.#isDue = true;
    this.#goOn();
  };

  #wake(joined: RecentGeneration): void {
    const waiting = this.#waiting;
    if (waiting.length === 0) return;
    this.#waiting = waiting.filter(({ generation }) => generation !== joined);
    for (const { generation, resolve } of waiting) if (generation === joined) resolve();
  }
}
