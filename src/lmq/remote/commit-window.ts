import type { StoreError } from '../../common/errors.ts';
import type { CommitNumber } from '../spi/types.ts';
import type { BatchWriter } from './batch-writer.ts';
import type { CommitOutcomes } from './commit-outcomes.ts';
import type { SealedBatch } from './sealed-batch.ts';

/**
 * The commits from the open one to the settled ones. A commit is one batch; it keeps its number when it
 * is sent again. Closed batches wait here until they are settled, those that were sent in front.
 */
export class CommitWindow {
  readonly #writer: BatchWriter;
  readonly #outcomes: CommitOutcomes;
  readonly #base: CommitNumber;
  #open: CommitNumber;
  /** The newest closed commit that has records. */
  #lastAppended: CommitNumber;
  #unsettled: SealedBatch[] = [];
  #sent = 0;
  #sealedBytes = 0;
  #failure: StoreError | undefined;
  #isFailing = false;
  #onDrained: (() => void)[] = [];

  /** @param base one less than the first commit */
  constructor(writer: BatchWriter, outcomes: CommitOutcomes, base: CommitNumber) {
    this.#base = base;
    this.#open = base + 1;
    this.#lastAppended = base;
    this.#writer = writer;
    this.#outcomes = outcomes;
  }

  get openCommit(): CommitNumber {
    return this.#open;
  }

  /** What a request has to come after to see everything that is written. */
  get lastWritten(): CommitNumber {
    return this.#writer.isDirty ? this.#open : this.#open - 1;
  }

  /** The newest batch that has been sent on this connection, or is settled. */
  get lastSent(): CommitNumber {
    const next = this.#unsettled[this.#sent];
    return next === undefined ? this.#open - 1 : next.commit - 1;
  }

  get backlogBytes(): number {
    return this.#sealedBytes + this.#writer.bytes;
  }

  /** False while a record is neither durable nor has failed. */
  get isSettled(): boolean {
    return !this.#writer.hasRecords && this.#lastAppended <= this.#outcomes.settledCommit;
  }

  /** Closed batches that are not settled, oldest first. */
  get unsettled(): readonly SealedBatch[] {
    return this.#unsettled;
  }

  /** The error that all commits end with from now on. */
  get failure(): StoreError | undefined {
    return this.#failure;
  }

  committed(commit: CommitNumber): Promise<void> {
    if (!Number.isSafeInteger(commit) || commit <= this.#base || commit > this.#open) {
      return Promise.reject(new RangeError(`no such commit: ${String(commit)}`));
    }
    if (commit === this.#open) this.#writer.touch();
    return this.#outcomes.wait(commit);
  }

  /** At the end of a turn: a large batch is closed though it has to wait. */
  endTurn(): void {
    if (this.#failure !== undefined) this.#failAll();
    else if (this.#writer.isFull) this.seal();
  }

  /** The next batch to send, if no more than `underWay` are then; closes the open one. */
  next(underWay: number): SealedBatch | undefined {
    if (this.#sent >= underWay || this.#failure !== undefined) return undefined;
    if (this.#sent === this.#unsettled.length) {
      if (!this.#writer.isDirty) return undefined;
      this.seal();
    }
    return this.#unsettled[this.#sent++];
  }

  /** Closes the open batch. */
  seal(): void {
    const batch = this.#writer.seal(this.#open++);
    if (batch.records.length > 0) this.#lastAppended = batch.commit;
    this.#unsettled.push(batch);
    this.#sealedBytes += batch.bytes;
  }

  /** The connection is gone: what is not settled will have to be sent again. */
  rewind(): void {
    this.#sent = 0;
  }

  /**
   * Takes the batches up to `commit` out, before anybody hears of it; what it returns tells them.
   * Batches that are over already are none of it.
   */
  settle(commit: CommitNumber, error: StoreError | undefined): () => void {
    const { settledCommit } = this.#outcomes;
    const last = Math.min(commit, this.#open - 1);
    let done = 0;
    for (; done < this.#unsettled.length; done++) {
      const batch = this.#unsettled[done] as SealedBatch;
      if (batch.commit > last) break;
      this.#sealedBytes -= batch.bytes;
      for (const [i, topic] of batch.topics.entries()) {
        topic.sealedRecords -= batch.topicRecords[i] as number;
      }
      this.#writer.recycle(batch);
    }
    if (done > 0) this.#unsettled = this.#unsettled.slice(done);
    this.#sent = Math.max(0, this.#sent - done);
    return () => {
      if (last > settledCommit) this.#outcomes.settle(last, error);
      this.#tellDrained();
    };
  }

  /** Every commit that is not settled, and each later one, fails at the end of its turn. */
  fail(error: StoreError): void {
    if (this.#failure !== undefined) return;
    this.#failure = error;
    this.#failAll();
  }

  /** Resolves when nothing is open or under way. */
  drain(): Promise<void> {
    if (this.#isDrained) return Promise.resolve();
    return new Promise((resolve) => {
      this.#onDrained.push(resolve);
    });
  }

  get #isDrained(): boolean {
    return !this.#writer.isDirty && this.#unsettled.length === 0;
  }

  #failAll(): void {
    // A listener that writes makes a commit of the next turn.
    if (this.#isFailing) return;
    this.#isFailing = true;
    if (this.#writer.isDirty) this.seal();
    this.settle(this.#open - 1, this.#failure)();
    this.#isFailing = false;
  }

  #tellDrained(): void {
    if (!this.#isDrained) return;
    const waiting = this.#onDrained;
    this.#onDrained = [];
    for (const resolve of waiting) resolve();
  }
}
