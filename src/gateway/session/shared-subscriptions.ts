import type { Lane } from '../../lmq/spi/lane.ts';
import type { Queue } from '../../lmq/spi/types.ts';
import type { Session, SessionSubscription } from './session.ts';

/** A shared group in one store as sessions see it: where the messages of their members' cursors come from. */
export interface SharedSource {
  /**
   * `$share/{name}/{filter}`: the name under which a session's in-flight messages of it are saved. The same in
   * each store.
   */
  readonly key: string;
  readonly queue: Queue;
}

/** What sessions need of the shared subscriptions of a gateway. */
export interface SharedSubscriptions {
  /**
   * The groups of a shared filter, one for each lane that the filter may lie in, the oldest first; made durable
   * if they are new. They stay until `join` makes the client one of their users, or `abandon`. All or none.
   */
  acquire(filter: string, clientId: string): Promise<readonly SharedSource[]>;
  /** As `acquire`, in one lane. */
  acquireAt(filter: string, clientId: string, lane: Lane): Promise<SharedSource>;
  /**
   * Whoever has acquired the group of a lane does not join: its session has ended, or another connection has it, which may have
   * subscribed it meanwhile and loses nothing.
   */
  abandon(filter: string, clientId: string, lane: Lane): void;
  /** The client does not subscribe it any more; without a user a group ends. */
  release(filter: string, clientId: string, durable: boolean): void;
  /**
   * The session is in memory: its subscription is a member, which gets messages while it is connected.
   * @param lane of the group; all that it has cursors for unless given
   */
  join(subscription: SessionSubscription, lane?: Lane): void;
  /** All groups of the subscription. */
  leave(subscription: SessionSubscription): void;
  /**
   * Takes back what the session need not finish, before it is saved.
   * @param ends the session does not outlive its connection
   */
  takeBack(session: Session, ends: boolean): void;
  /** The session leaves memory. */
  forget(session: Session): void;
}
