import { laneOfCommit } from '../../lmq/spi/lane.ts';
import type { CommitNumber } from '../../lmq/spi/types.ts';

/** Whoever waits for commits; told in commit order of each lane. */
export interface CommitWaiter {
  onCommit(commit: CommitNumber, error: Error | undefined): void;
}

interface Waiting {
  readonly commit: CommitNumber;
  readonly first: CommitWaiter;
  others: CommitWaiter[] | undefined;
}

/** Who waits for which commit: each waiter is told once per commit, not once per message. */
export class CommitWaiters {
  readonly #first: Waiting[] = [];
  /** Of the lanes behind the first one. */
  #others: (Waiting[] | undefined)[] | undefined;

  /** To be called once for a commit by each. */
  add(commit: CommitNumber, waiter: CommitWaiter): void {
    const queue = this.#queueOf(commit);
    // Not at -1, which an array looks up as the name of a property.
    const last = queue.length === 0 ? undefined : queue[queue.length - 1];
    if (last?.commit !== commit) queue.push({ commit, first: waiter, others: undefined });
    else if (last.first !== waiter) (last.others ??= []).push(waiter);
  }

  onCommit(commit: CommitNumber, error: Error | undefined): void {
    const queue = this.#queueOf(commit);
    for (let first = queue[0]; first !== undefined && first.commit <= commit;) {
      queue.shift();
      first.first.onCommit(first.commit, error);
      if (first.others !== undefined) {
        for (const waiter of first.others) waiter.onCommit(first.commit, error);
      }
      first = queue[0];
    }
  }

  #queueOf(commit: CommitNumber): Waiting[] {
    const lane = laneOfCommit(commit);
    if (lane === 0) return this.#first;
    return ((this.#others ??= [])[lane] ??= []);
  }
}
