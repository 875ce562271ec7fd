import { type StoreError, toStoreError } from '../../common/errors.ts';
import { CommitPromises } from '../spi/commit-promises.ts';
import type { CommitListener, CommitNumber } from '../spi/types.ts';
import type { CommitPart, CommitTrigger } from './commit-part.ts';
import type { KvEngine } from './kv-engine.ts';

/**
 * Numbers the commits and writes them one after the other: the open commit is closed at the end of a
 * turn when none is in flight, else when the one in flight is done. After a failure every commit fails.
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
  #isScheduled = false;
  #isInFlight = false;
  /** A commit settles in the turn that has closed it: the next one waits for the next turn. */
  #isEarly = false;
  #openBytes = 0;
  #sealedBytes = 0;
  #durable = 0;
  #failure: StoreError | undefined;
  #failedFrom = Infinity;
  #onDrained: (() => void) | undefined;

  /** @param parts in the order in which they seal, fill and settle */
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

  touch(bytes: number): CommitNumber {
    this.#openBytes += bytes;
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
    let wait: Promise<void>[] | undefined;
    for (const part of this.#parts) {
      part.seal(commit);
      const ready = part.ready?.();
      if (ready !== undefined) (wait ??= []).push(ready);
    }
    if (this.#failure !== undefined) {
      setImmediate(() => {
        this.#settle(commit, this.#failure);
      });
    } else if (wait === undefined) {
      this.#write(commit);
    } else {
      Promise.all(wait).then(
        () => {
          this.#write(commit);
        },
        (error: unknown) => {
          this.#settle(commit, toStoreError(error, 'commit failed'));
        },
      );
    }
  }

  #write(commit: CommitNumber): void {
    try {
      const batch = this.#engine.commitBatch();
      for (const part of this.#parts) part.fill(batch);
      if (batch.size > 0) {
        const isDurable = batch.write(this.#isSync, (error) => {
          this.#settle(commit, error);
        });
        if (!isDurable) return;
      }
    } catch (error) {
      setImmediate(() => {
        this.#settle(commit, toStoreError(error, 'commit failed'));
      });
      return;
    }
    this.#isEarly = true;
    this.#settle(commit, undefined);
    this.#isEarly = false;
  }

  #settle(commit: CommitNumber, error: StoreError | undefined): void {
    if (error !== undefined) {
      this.#failure ??= error;
      this.#failedFrom = Math.min(this.#failedFrom, commit);
    } else {
      this.#durable++;
    }
    this.#sealedBytes = 0;
    try {
      for (const part of this.#parts) part.settle(error === undefined);
      for (const listener of this.#listeners) listener(commit, error);
      this.#promises.settle(commit, error);
      for (const announce of this.#announcers) announce(error === undefined);
    } finally {
      this.#isInFlight = false;
      if (!this.#isDirty) this.#onDrained?.();
      else if (this.#isEarly) this.#schedule();
      else this.#close();
    }
  }
}
