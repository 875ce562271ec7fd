/** Whoever waits for commits; told in commit order. */
export interface CommitWaiter {
  onCommit(commit: number, error: Error | undefined): void;
}

interface Waiting {
  readonly commit: number;
  readonly first: CommitWaiter;
  others: Set<CommitWaiter> | undefined;
}

/** Who waits for which commit: each waiter is told once per commit, not once per message. */
export class CommitWaiters {
  readonly #queue: Waiting[] = [];

  add(commit: number, waiter: CommitWaiter): void {
    const last = this.#queue[this.#queue.length - 1];
    if (last?.commit !== commit) this.#queue.push({ commit, first: waiter, others: undefined });
    else if (last.first !== waiter) (last.others ??= new Set()).add(waiter);
  }

  onCommit(commit: number, error: Error | undefined): void {
    for (let first = this.#queue[0]; first !== undefined && first.commit <= commit;) {
      this.#queue.shift();
      first.first.onCommit(first.commit, error);
      if (first.others !== undefined) {
        for (const waiter of first.others) waiter.onCommit(first.commit, error);
      }
      first = this.#queue[0];
    }
  }
}
