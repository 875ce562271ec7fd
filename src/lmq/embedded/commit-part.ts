import type { CommitNumber } from '../spi/types.ts';
import type { KvBatch } from './kv-engine.ts';

/**
 * A part of the store that writes with the commits. For every commit `seal`, `fill` and `settle` are
 * called once, in this order; at most one commit is between `seal` and `settle`.
 */
export interface CommitPart {
  /** What was written until now belongs to `commit`; what comes now belongs to the next one. */
  seal(commit: CommitNumber): void;
  /** What must be waited for before `fill`, if anything. */
  ready?(): Promise<void> | undefined;
  /** Adds what was sealed to the batch. */
  fill(batch: KvBatch): void;
  /** The sealed commit is durable, or has failed (then the store is done for). */
  settle(isDurable: boolean): void;
}

/** Tells the group commit that something was written. */
export interface CommitTrigger {
  /** The commit that the next write belongs to. */
  readonly openCommit: CommitNumber;
  /** Counts bytes to the open commit and sees that it will be closed; returns its number. */
  touch(bytes: number): CommitNumber;
  /** Resolves when the commit is durable; rejects with its error. */
  committed(commit: CommitNumber): Promise<void>;
}
