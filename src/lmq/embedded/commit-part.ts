import type { CommitNumber } from '../spi/types.ts';
import type { KvBatch } from './kv-batch.ts';

/**
 * The parts of the store that write with the commits, each a bit, in the order in which they seal, fill and settle:
 * what removes a queue's name comes before what gives it to a new queue.
 */
export const PartOfCommit = {
  LOG: 1,
  RECENT_INDEX: 2,
  DEAD_QUEUES: 4,
  DICTIONARY: 8,
  FILTERS: 16,
  OFFSETS: 32,
  STATES: 64,
  RETENTION: 128,
  EXPIRED: 256,
} as const;
export type PartOfCommit = (typeof PartOfCommit)[keyof typeof PartOfCommit];

/**
 * A part of the store that writes with the commits. For a commit that it has touched `seal`, `fill` and `settle` are
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
  /**
   * Counts bytes to the open commit and sees that it will be closed; returns its number.
   * @param part that has something for it; none when it is only to be closed
   */
  touch(bytes: number, part?: PartOfCommit): CommitNumber;
  /** Resolves when the commit is durable; rejects with its error. */
  committed(commit: CommitNumber): Promise<void>;
}
