import type { Queue, QueueOffset, Segment } from '../../lmq/spi/types.ts';
import type { SharedAudience } from '../routing/live-subscriptions.ts';
import type { SessionCursor, SessionSubscription } from '../session/session.ts';
import type { SharedSource } from '../session/shared-subscriptions.ts';
import type { GroupHold } from './group-hold.ts';
import { hashOf, type ShareStrategy } from './share-strategy.ts';

/** Whether a group is handing out messages, or why not. */
export const ShareState = {
  /** No member is there, or none has room. */
  BLOCKED: 'BLOCKED',
  CAUGHT_UP: 'CAUGHT_UP',
  /** Waits for records that are read from disk. */
  PULLING: 'PULLING',
  /** Has ended. */
  CLOSED: 'CLOSED',
} as const;
export type ShareState = (typeof ShareState)[keyof typeof ShareState];

/**
 * One shared subscription: share name and filter, with a position in the filter's queue that all of its
 * members share. Every message before `offset` is acknowledged, in the window of a member, or returned.
 */
export class ShareGroup implements SharedSource, SharedAudience {
  readonly key: string;
  readonly filter: string;
  readonly queue: Queue;
  readonly strategy: ShareStrategy<SessionSubscription>;
  /** The next message that nobody has had. */
  offset: QueueOffset;
  state: ShareState = ShareState.BLOCKED;
  /** Subscriptions of sessions that are in memory, in the order in which they came. */
  readonly members: SessionSubscription[] = [];
  /** Who subscribes it, connected or not: user keys of `share-user.ts`. */
  readonly users: Set<string> = new Set<string>();
  /** Client ids of users that are away and may have messages in flight. */
  readonly holders: Set<string> = new Set<string>();
  /**
   * False while another gateway hands the messages out: then `offset` is as it was, and what members give back
   * waits for the turn.
   */
  hasTurn = true;
  /** Set while it has to wait for the same group in older stores (`held-groups.ts`). */
  after: GroupHold | undefined = undefined;
  /** The same group in newer stores, which waits until this one has passed something. */
  waiting: Set<ShareGroup> | undefined = undefined;
  /** User keys of those who have acquired it and are not members yet → how often: a client may come again meanwhile. */
  readonly #entering = new Map<string, number>();
  /** Clients that are away whose messages are being taken back for it: this gateway does not leave meanwhile. */
  fetching = 0;
  /** As last saved, of the part of this gateway in a group of several. */
  savedPart: Buffer | undefined = undefined;
  /** What was read from disk and is not handed out yet. */
  pulled: readonly Segment[] = [];
  /** As last saved. */
  savedRecord: Buffer | undefined = undefined;
  savedOffset: QueueOffset = -1;
  /**
   * Messages that were given back are with members whose in-flight records do not say so: nothing else of the group
   * need differ from what is saved.
   */
  hasReissued = false;
  /** Given back by members, ascending; those before `#nextReturned` are handed out again. */
  #returned: QueueOffset[] = [];
  #nextReturned = 0;

  constructor(
    key: string,
    filter: string,
    queue: Queue,
    offset: QueueOffset,
    strategy: ShareStrategy<SessionSubscription>,
  ) {
    this.key = key;
    this.filter = filter;
    this.queue = queue;
    this.offset = offset;
    this.strategy = strategy;
  }

  /** Whether a member has its messages from here: the group of another store may have the same key. */
  isSourceOf({ shareKey, queue }: SessionCursor): boolean {
    return shareKey === this.key && queue.lane === this.queue.lane;
  }

  /** Whether somebody has acquired it who is not a member yet. */
  get isAwaited(): boolean {
    return this.#entering.size > 0;
  }

  /** @param user user key of one who has acquired it */
  awaitUser(user: string): void {
    this.#entering.set(user, (this.#entering.get(user) ?? 0) + 1);
  }

  /** The user has become a member, or does not. */
  awaitNoMore(user: string): void {
    const left = (this.#entering.get(user) ?? 0) - 1;
    if (left > 0) this.#entering.set(user, left);
    else this.#entering.delete(user);
  }

  /** What was given back comes first: it is older. */
  get nextOffset(): QueueOffset {
    return this.#returned[this.#nextReturned] ?? this.offset;
  }

  get hasReturned(): boolean {
    return this.#nextReturned < this.#returned.length;
  }

  /** The returned messages that wait, ascending. */
  returned(): readonly QueueOffset[] {
    return this.#returned.slice(this.#nextReturned);
  }

  /** The first returned message is handed out, or is not to be. */
  takeReturned(): void {
    this.hasReissued = true;
    this.#nextReturned++;
    if (this.#nextReturned < this.#returned.length) return;
    this.#returned = [];
    this.#nextReturned = 0;
  }

  giveBack(offsets: readonly QueueOffset[]): void {
    const all = new Set([...this.returned(), ...offsets]);
    this.#returned = [...all].sort((a, b) => a - b);
    this.#nextReturned = 0;
  }

  /** The turn has come: the position and the messages that are nobody's are the store's. */
  resume(offset: QueueOffset, returned: readonly QueueOffset[]): void {
    this.offset = offset;
    this.savedOffset = offset;
    this.pulled = [];
    this.hasTurn = true;
    if (returned.length > 0) this.giveBack(returned);
  }

  /** The turn goes: what is nobody's is the next one's. */
  yieldTurn(): void {
    this.hasTurn = false;
    this.#returned = [];
    this.#nextReturned = 0;
    this.pulled = [];
    if (this.state !== ShareState.CLOSED) this.state = ShareState.BLOCKED;
  }

  /** The segment at an offset out of what was read from disk. */
  segmentAt(offset: QueueOffset): Segment | undefined {
    for (const segment of this.pulled) {
      if (offset < segment.firstOffset + segment.count) {
        return offset >= segment.firstOffset ? segment : undefined;
      }
    }
    if (this.pulled.length > 0) this.pulled = [];
    return undefined;
  }

  /** The member for a message that is delivered as it is published; undefined when none has room. */
  choose(
    publisher: string,
    topic: string,
    hasRoom: (member: SessionSubscription) => boolean,
  ): SessionSubscription | undefined {
    const { hashed } = this.strategy;
    const hash = hashed === undefined ? 0 : hashOf(hashed === 'topic' ? topic : publisher);
    return this.strategy.choose(this.members, hash, hasRoom);
  }
}
