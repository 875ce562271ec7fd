import type { LmqStore } from '../spi/lmq-store.ts';
import type { CommitNumber } from '../spi/types.ts';

/** Called when a commit is over; with its error when it is not durable. */
export type Settlement = (error: Error | undefined) => void;

interface PendingCommit {
  readonly commit: CommitNumber;
  readonly settlements: Settlement[];
}

/** What is to be done when commits are over, in the order in which it was asked for. */
export class CommitLedger {
  readonly #pending: PendingCommit[] = [];

  /** Calls back when `commit`, which is not over yet, is. */
  whenOver(commit: CommitNumber, settlement: Settlement): void {
    const last = this.#pending.at(-1);
    if (last?.commit === commit) last.settlements.push(settlement);
    else this.#pending.push({ commit, settlements: [settlement] });
  }

  /** To be called for every commit of the store, in order. */
  settle(commit: CommitNumber, error: Error | undefined): void {
    while (this.#pending.length > 0 && (this.#pending[0] as PendingCommit).commit <= commit) {
      const { settlements } = this.#pending.shift() as PendingCommit;
      for (const settlement of settlements) settlement(error);
    }
  }

  /** Calls back when everything that has been written is durable or has failed. */
  afterOpenCommit(store: Pick<LmqStore, 'openCommit' | 'committed'>, settlement: Settlement): void {
    const commit = store.openCommit;
    this.whenOver(commit, settlement);
    // asks the store to end it even if nothing has been written; how it ends is told to the ledger
    store.committed(commit).catch(() => undefined);
  }
}
