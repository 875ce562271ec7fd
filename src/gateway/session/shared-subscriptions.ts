import type { Queue, QueueOffset } from '../../lmq/spi/types.ts';
import type { Session, SessionSubscription } from './session.ts';

/** A shared group as sessions see it: where the messages of their members' cursors come from. */
export interface SharedSource {
  /** `$share/{name}/{filter}`: the name under which a session's in-flight messages of it are saved. */
  readonly key: string;
  readonly queue: Queue;
}

/** What sessions need of the shared subscriptions of a gateway. */
export interface SharedSubscriptions {
  /** The group of a shared filter, made durable if it is new; the client is one of its users from now on. */
  acquire(filter: string, clientId: string, durable: boolean): Promise<SharedSource>;
  /** The client does not subscribe it any more; without a user the group ends. */
  release(filter: string, clientId: string, durable: boolean): void;
  /** The group of a key, if it exists. */
  find(key: string): SharedSource | undefined;
  /** The session is in memory: its subscription is a member, which gets messages while it is connected. */
  join(subscription: SessionSubscription): void;
  leave(subscription: SessionSubscription): void;
  /**
   * Takes back what the session need not finish, before it is saved.
   * @param ends the session does not outlive its connection
   */
  takeBack(session: Session, ends: boolean): void;
  /** The session leaves memory. */
  forget(session: Session): void;
  /** Offsets that a client which is away had, and has no more. */
  giveBack(key: string, offsets: readonly QueueOffset[]): void;
}
