import type { Brand } from '../../common/brand.ts';
import type { CommitNumber, Lane } from './lane.ts';

export type { CommitNumber } from './lane.ts';

/** Name of a light message queue. Made by `queue-name.ts` only, injectively. */
export type QueueName = Brand<string, 'QueueName'>;

/** A position in one queue: 0 for the first record ever, always a safe integer. */
export type QueueOffset = number;

/** A queue that is open: its bounds stay current while it is held. Released with `closeQueue`. */
export interface Queue {
  /** Unique among the open queues of this process. */
  readonly id: number;
  readonly name: QueueName;
  /** The store that it is in. */
  readonly lane: Lane;
  /** First offset that can still be read; it may lag behind retention until somebody reads there. */
  readonly minOffset: QueueOffset;
  /** One past the last committed record. */
  readonly maxOffset: QueueOffset;
  /** The offset that the next append will get: `maxOffset` plus what is appended but not committed. */
  readonly nextOffset: QueueOffset;
}

/** Interned handle of a topic name, so that the hot path resolves queues once per topic. */
export interface StoreTopic {
  readonly name: string;
  /** The store that its records go to. */
  readonly lane: Lane;
  /** The name in UTF-8. */
  readonly bytes: Buffer;
  /** Queues that its last record went to; 0 before there was one, 1 where another process brings them there. */
  readonly width: number;
}

/** A run of records with consecutive offsets of one queue that lie in one buffer. Immutable but for `memo`. */
export interface Segment {
  readonly firstOffset: QueueOffset;
  readonly count: number;
  readonly buffer: Buffer;
  /**
   * Byte positions in `buffer` (`record.ts` reads them): record i of the segment is at `positions[start + i]`. Those
   * before and behind are other segments'.
   */
  readonly positions: ArrayLike<number>;
  readonly start: number;
  /** A reader's own derivation of this segment (encoded packets), shared by all readers, dropped with it. */
  memo: unknown;
}

/** After RocketMQ's PullStatus. */
export const PullStatus = {
  FOUND: 'FOUND',
  /** The offset is the end of the queue. */
  NO_NEW_MSG: 'NO_NEW_MSG',
  /** The records at the offset are gone (retention); go on at `nextOffset`. */
  OFFSET_TOO_SMALL: 'OFFSET_TOO_SMALL',
  /** The offset lies beyond the end of the queue. */
  OFFSET_OVERFLOW: 'OFFSET_OVERFLOW',
} as const;
export type PullStatus = (typeof PullStatus)[keyof typeof PullStatus];

/** What `LmqQueueStore.pull` has found. */
export interface PullResult {
  readonly status: PullStatus;
  /** In offset order, without gaps; the first may begin before the offset asked for. Empty unless FOUND. */
  readonly segments: readonly Segment[];
  /** Where to go on. */
  readonly nextOffset: QueueOffset;
}

/** New committed records of one queue. */
export interface Arrival {
  readonly queue: Queue;
  readonly firstOffset: QueueOffset;
  readonly count: number;
}

/** Namespaces of {@link StateStore}. The numbers are part of the disk format. */
export const StateSpace = {
  /** client id → session record (subscriptions, expiry) */
  SESSION: 1,
  /** client id → in-flight and QoS 2 state of a session */
  INFLIGHT: 2,
  /** topic → retained message */
  RETAINED: 3,
  /** client id → will message */
  WILL: 4,
  /** shared group → messages that are nobody's */
  SHARE: 5,
  /** shared filter, U+0000, client id → nothing: a persistent session that subscribes it */
  SHARE_MEMBER: 6,
  /** the store server's own: gateway nodes and what it knows of itself */
  NODE: 7,
  /** the store server's own: claim → number of the node that owns it, or has died with it */
  CLAIM: 8,
} as const;
export type StateSpace = (typeof StateSpace)[keyof typeof StateSpace];

/** Listener results of a commit: `error` undefined means durable. */
export type CommitListener = (commit: CommitNumber, error: Error | undefined) => void;
