/** Whoever waits for commits; told in commit order. */
export interface CommitWaiter {
  onCommit(commit: number, error: Error | undefined): void;
}

interface Waiting {
  readonly commit: number;
  readonly waiters: Set<CommitWaiter>;
}

/** Who waits for which commit: each waiter is told once per commit, not once per message. */
export class CommitWaiters {
  readonly #queue: Waiting[] = [];

  add(commit: number, waiter: CommitWaiter): void {
    const last = this.#queue[this.#queue.length - 1];
    if (last?.commit === commit) last.waiters.add(waiter);
    else this.#queue.push({ commit, waiters: new Set([waiter]) });
  }

  onCommit(commit: number, error: Error | undefined): void {
    for (let first = this.#queue[0]; first !== undefined && first.commit <= commit;) {
      this.#queue.shift();
      for (const waiter of first.waiters) waiter.onCommit(first.commit, error);
      first = this.#queue[0];
    }
  }
}
