import type { StoreError } from '../../common/errors.ts';
import { CommitPromises } from '../spi/commit-promises.ts';
import type { CommitListener, CommitNumber } from '../spi/types.ts';

interface FailedRange {
  readonly from: CommitNumber;
  to: CommitNumber;
  readonly error: StoreError;
}

/** Failed ranges that are told apart; of an older commit nobody can say any more that it is durable. */
const MAX_RANGES = 256;

/** How the commits ended: tells the listeners and those who wait for one of them. */
export class CommitOutcomes {
  readonly #listeners: CommitListener[] = [];
  readonly #promises = new CommitPromises();
  readonly #failed: FailedRange[] = [];
  #settled: CommitNumber;
  #durable = 0;
  #lastDurable: CommitNumber;

  /** @param base one less than the first commit */
  constructor(base: CommitNumber) {
    this.#settled = base;
    this.#lastDurable = base;
  }

  /** The newest commit that is over. */
  get settledCommit(): CommitNumber {
    return this.#settled;
  }

  /** The newest durable commit. */
  get lastDurable(): CommitNumber {
    return this.#lastDurable;
  }

  /** How many are durable. */
  get durableCommits(): number {
    return this.#durable;
  }

  onCommit(listener: CommitListener): void {
    this.#listeners.push(listener);
  }

  wait(commit: CommitNumber): Promise<void> {
    if (commit <= this.#settled) {
      const error = this.#errorOf(commit);
      return error === undefined ? Promise.resolve() : Promise.reject(error);
    }
    return this.#promises.of(commit);
  }

  /** The commits up to `last` are over, all with the same outcome. */
  settle(last: CommitNumber, error: StoreError | undefined): void {
    const first = this.#settled + 1;
    if (error === undefined) {
      this.#durable += last - this.#settled;
      this.#lastDurable = last;
    } else {
      this.#addFailed(first, last, error);
    }
    for (let commit = first; commit <= last; commit++) {
      this.#settled = commit;
      for (const listener of this.#listeners) listener(commit, error);
      this.#promises.settle(commit, error);
    }
  }

  #errorOf(commit: CommitNumber): StoreError | undefined {
    if (this.#failed.length === MAX_RANGES && commit < (this.#failed[0] as FailedRange).from) {
      return this.#failed[0]?.error;
    }
    return this.#failed.find(({ from, to }) => commit >= from && commit <= to)?.error;
  }

  #addFailed(from: CommitNumber, to: CommitNumber, error: StoreError): void {
    const last = this.#failed.at(-1);
    if (last?.to === from - 1 && last.error.code === error.code) {
      last.to = to;
      return;
    }
    this.#failed.push({ from, to, error });
    if (this.#failed.length > MAX_RANGES) this.#failed.shift();
  }
}
