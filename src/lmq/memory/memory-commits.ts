import { CommitPromises } from '../spi/commit-promises.ts';
import type { CommitListener, CommitNumber, StateSpace } from '../spi/types.ts';
import { StoreError, ErrorCode } from '../../common/errors.ts';
import type { MemoryQueue } from './memory-queue.ts';

/** What belongs to one commit. */
export class MemoryCommit {
  readonly number: CommitNumber;
  readonly records: Buffer[] = [];
  recordBytes = 0;
  /** Bytes of everything written, for the backlog. */
  bytes = 0;
  readonly positions: Map<MemoryQueue, number[]> = new Map<MemoryQueue, number[]>();
  /** Writes to the state maps, in order. */
  readonly states: { space: StateSpace; key: string; value: Buffer | undefined }[] = [];

  constructor(number: CommitNumber) {
    this.number = number;
  }

  /** Adds a record, which goes to `queues`. */
  add(record: Buffer, queues: Iterable<MemoryQueue>): void {
    for (const queue of queues) {
      const positions = this.positions.get(queue);
      if (positions === undefined) this.positions.set(queue, [this.recordBytes]);
      else positions.push(this.recordBytes);
      queue.nextOffset++;
    }
    this.records.push(record);
    this.recordBytes += record.length;
  }
}

/** Numbers commits, ends each in a turn of its own and reports it. */
export class MemoryCommits {
  readonly #apply: (commit: MemoryCommit) => () => void;
  readonly #ended: () => void;
  readonly #fault: (commit: CommitNumber) => Error | undefined;
  readonly #listeners: CommitListener[] = [];
  readonly #promises = new CommitPromises();
  #open = new MemoryCommit(1);
  #scheduled = false;
  #failure: Error | undefined;
  /** First commit that failed. */
  #failedFrom = Infinity;

  /**
   * @param apply makes a commit visible and returns what announces it after the commit listeners
   * @param ended called last for every commit, good or failed
   * @param fault an error to fail the commit with
   */
  constructor(
    apply: (commit: MemoryCommit) => () => void,
    ended: () => void,
    fault: (commit: CommitNumber) => Error | undefined,
  ) {
    this.#apply = apply;
    this.#ended = ended;
    this.#fault = fault;
  }

  /** The open commit, to read. */
  get open(): MemoryCommit {
    return this.#open;
  }

  get done(): number {
    return this.#open.number - 1;
  }

  /** The open commit, to write to: it will end. */
  write(bytes: number): MemoryCommit {
    this.#open.bytes += bytes;
    if (!this.#scheduled) {
      this.#scheduled = true;
      setImmediate(() => {
        this.#end();
      });
    }
    return this.#open;
  }

  fail(error: Error): void {
    this.#failure ??= error;
  }

  onCommit(listener: CommitListener): void {
    this.#listeners.push(listener);
  }

  committed(commit: CommitNumber): Promise<void> {
    if (commit > this.#open.number || commit < 1) {
      return Promise.reject(new RangeError(`no such commit: ${String(commit)}`));
    }
    if (commit < this.#open.number) {
      const failure = this.#failure;
      if (failure === undefined || commit < this.#failedFrom) return Promise.resolve();
      return Promise.reject(failure);
    }
    this.write(0);
    return this.#promises.of(commit);
  }

  #end(): void {
    const commit = this.#open;
    this.#scheduled = false;
    this.#open = new MemoryCommit(commit.number + 1);
    const cause = this.#failure ?? this.#fault(commit.number);
    if (cause !== undefined) {
      this.#failure ??= new StoreError(ErrorCode.STORE_UNAVAILABLE, 'commit failed', { cause });
      this.#failedFrom = Math.min(this.#failedFrom, commit.number);
    }
    const error = this.#failure;
    const announce = error === undefined ? this.#apply(commit) : undefined;
    for (const listener of this.#listeners) listener(commit.number, error);
    this.#promises.settle(commit.number, error);
    announce?.();
    this.#ended();
  }
}
