import type { CommitNumber } from './types.ts';

interface Waiter {
  resolve(): void;
  reject(error: Error): void;
}

/** Who waits for a commit that is not over. */
export class CommitPromises {
  readonly #waiters = new Map<CommitNumber, Waiter[]>();

  /** Settles with the commit. */
  of(commit: CommitNumber): Promise<void> {
    return new Promise((resolve, reject) => {
      const waiters = this.#waiters.get(commit);
      if (waiters === undefined) this.#waiters.set(commit, [{ resolve, reject }]);
      else waiters.push({ resolve, reject });
    });
  }

  /** The commit is over: durable, or failed with `error`. */
  settle(commit: CommitNumber, error: Error | undefined): void {
    const waiters = this.#waiters.get(commit);
    if (waiters === undefined) return;
    this.#waiters.delete(commit);
    for (const waiter of waiters) {
      if (error === undefined) waiter.resolve();
      else waiter.reject(error);
    }
  }
}
