import { type StoreError, toStoreError } from '../../common/errors.ts';
import { CommitPromises } from '../spi/commit-promises.ts';
import type { CommitListener, CommitNumber } from '../spi/types.ts';
import { type CommitPart, type CommitTrigger, PartOfCommit } from './commit-part.ts';
import type { KvBatch } from './kv-batch.ts';
import type { KvEngine } from './kv-engine.ts';

/**
 * What goes with the commit that is written next, though it may be closed. Names: no index entry comes before the
 * name of its queue, which is given while the commit waits for it, and no name that is given anew is removed. The recent
 * index: the log finds out when it seals whether there is something for it.
 */
const WHEN_WRITTEN: number =
  PartOfCommit.RECENT_INDEX | PartOfCommit.DEAD_QUEUES | PartOfCommit.DICTIONARY;

/**
 * Numbers the commits and writes them one after the other: the open commit is closed at the end of a
 * turn when none is in flight, else when the one in flight is done: with `SYNC_FLUSH` before anybody is told of that one.
 * After a failure every commit fails.
 * A commit calls the parts that have touched it: at a low rate most have one record and nothing else (ADR 821).
 */
export class GroupCommit implements CommitTrigger {
  readonly #engine: KvEngine;
  readonly #isSync: boolean;
  readonly #parts: readonly CommitPart[];
  readonly #listeners: CommitListener[] = [];
  readonly #announcers: ((isDurable: boolean) => void)[] = [];
  readonly #promises = new CommitPromises();
  #openCommit: CommitNumber = 1;
  #isDirty = false;
  /** The parts that have something in the open commit, and those that have in the one in flight, as bits. */
  #touched = 0;
  #sealed = 0;
  #isScheduled = false;
  #isInFlight = false;
  /** The one in flight is not in a batch yet. */
  #isWaiting = false;
  /** A commit settles in the turn that has closed it: the next one waits for the next turn. */
  #isEarly = false;
  #openBytes = 0;
  #sealedBytes = 0;
  #durable = 0;
  #failure: StoreError | undefined;
  #failedFrom = Infinity;
  #onDrained: (() => void) | undefined;

  /** @param parts in the order of `PartOfCommit` */
  constructor(engine: KvEngine, isSync: boolean, parts: readonly CommitPart[]) {
    this.#engine = engine;
    this.#isSync = isSync;
    this.#parts = parts;
  }

  get openCommit(): CommitNumber {
    return this.#openCommit;
  }

  /** Bytes given to `touch` that are not durable. */
  get backlogBytes(): number {
    return this.#openBytes + this.#sealedBytes;
  }

  /** Number of durable commits. */
  get durableCommits(): number {
    return this.#durable;
  }

  /** The newest commit that is over. */
  get settledCommit(): CommitNumber {
    return this.#openCommit - (this.#isInFlight ? 2 : 1);
  }

  touch(bytes: number, part: PartOfCommit | 0 = 0): CommitNumber {
    if (this.#isWaiting && (part & WHEN_WRITTEN) !== 0) {
      this.#sealedBytes += bytes;
      this.#sealed |= part;
      return this.#openCommit - 1;
    }
    this.#openBytes += bytes;
    this.#touched |= part;
    if (!this.#isDirty) {
      this.#isDirty = true;
      if (!this.#isInFlight) this.#schedule();
    }
    return this.#openCommit;
  }

  onCommit(listener: CommitListener): void {
    this.#listeners.push(listener);
  }

  /** Called after the commit listeners of each commit. */
  onSettled(announcer: (isDurable: boolean) => void): void {
    this.#announcers.push(announcer);
  }

  committed(commit: CommitNumber): Promise<void> {
    if (!Number.isSafeInteger(commit) || commit < 1 || commit > this.#openCommit) {
      return Promise.reject(new RangeError(`no such commit: ${String(commit)}`));
    }
    if (commit <= this.settledCommit) {
      const failure = this.#failure;
      if (failure === undefined || commit < this.#failedFrom) return Promise.resolve();
      return Promise.reject(failure);
    }
    if (commit === this.#openCommit) this.touch(0);
    return this.#promises.of(commit);
  }

  /** From the open commit on, every commit fails with `error`. */
  fail(error: StoreError): void {
    this.#failure ??= error;
    this.#failedFrom = Math.min(this.#failedFrom, this.#openCommit);
  }

  /** Resolves when nothing is open or in flight. */
  drain(): Promise<void> {
    if (!this.#isDirty && !this.#isInFlight) return Promise.resolve();
    return new Promise((resolve) => {
      const previous = this.#onDrained;
      this.#onDrained = () => {
        previous?.();
        resolve();
      };
    });
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(this.#closeIfIdle);
  }

  readonly #closeIfIdle = (): void => {
    this.#isScheduled = false;
    if (this.#isDirty && !this.#isInFlight) this.#close();
  };

  #close(): void {
    const commit = this.#openCommit++;
    this.#isDirty = false;
    this.#isInFlight = true;
    this.#sealedBytes = this.#openBytes;
    this.#openBytes = 0;
    const wait = this.#seal(commit);
    if (this.#failure !== undefined) {
      this.#settleLater(commit, this.#failure);
    } else if (wait === undefined) {
      this.#write(commit);
    } else {
      Promise.all(wait).then(
        () => {
          // Those who have waited for the same come first: a commit settles in no turn but its own.
          setImmediate(() => {
            this.#write(commit);
          });
        },
        (error: unknown) => {
          this.#settle(commit, toStoreError(error, 'commit failed'));
        },
      );
    }
  }

  /** Returns what must be waited for, if anything. */
  #seal(commit: CommitNumber): Promise<void>[] | undefined {
    this.#sealed = this.#touched;
    this.#touched = 0;
    this.#isWaiting = true;
    let wait: Promise<void>[] | undefined;
    for (let rest = this.#sealed & ~WHEN_WRITTEN; rest !== 0; rest &= rest - 1) {
      const part = this.#firstOf(rest);
      part.seal(commit);
      const ready = part.ready?.();
      if (ready !== undefined) (wait ??= []).push(ready);
    }
    return wait;
  }

  #fill(commit: CommitNumber, batch: KvBatch): void {
    this.#isWaiting = false;
    for (let rest = this.#sealed & WHEN_WRITTEN; rest !== 0; rest &= rest - 1) {
      this.#firstOf(rest).seal(commit);
    }
    for (let rest = this.#sealed; rest !== 0; rest &= rest - 1) this.#firstOf(rest).fill(batch);
  }

  /** The first of some parts, which are given as bits. */
  #firstOf(bits: number): CommitPart {
    return this.#parts[31 - Math.clz32(bits & -bits)] as CommitPart;
  }

  #write(commit: CommitNumber): void {
    try {
      const batch = this.#engine.commitBatch();
      this.#fill(commit, batch);
      if (batch.size > 0) {
        const isDurable = batch.write(this.#isSync, (error) => {
          this.#settle(commit, error);
        });
        if (!isDurable) return;
      } else if (this.#isSync) {
        // those who wait for the commit before it may not have been told
        this.#settleLater(commit, undefined);
        return;
      }
    } catch (error) {
      this.#settleLater(commit, toStoreError(error, 'commit failed'));
      return;
    }
    this.#isEarly = true;
    this.#settle(commit, undefined);
    this.#isEarly = false;
  }

  /** In a turn of its own. */
  #settleLater(commit: CommitNumber, error: StoreError | undefined): void {
    setImmediate(() => {
      this.#settle(commit, error);
    });
  }

  #settle(commit: CommitNumber, error: StoreError | undefined): void {
    if (error !== undefined) {
      this.#failure ??= error;
      this.#failedFrom = Math.min(this.#failedFrom, commit);
    } else {
      this.#durable++;
    }
    this.#sealedBytes = 0;
    this.#isWaiting = false;
    let isNextClosed = false;
    try {
      const isDurable = error === undefined;
      for (let rest = this.#sealed; rest !== 0; rest &= rest - 1) {
        this.#firstOf(rest).settle(isDurable);
      }
      // While those who are told of this commit have much to do, the disk has the next one (ADR 1051).
      isNextClosed = this.#isSync && this.#isDirty;
      if (isNextClosed) this.#close();
      for (const listener of this.#listeners) listener(commit, error);
      this.#promises.settle(commit, error);
      for (const announce of this.#announcers) announce(isDurable);
    } finally {
      if (!isNextClosed) {
        this.#isInFlight = false;
        if (!this.#isDirty) this.#onDrained?.();
        else if (this.#isEarly) this.#schedule();
        else this.#close();
      }
    }
  }
}
