import type { ShareGroup } from './share-group.ts';

/** Somebody who subscribes a group. */
export interface ShareUser {
  /** As it was subscribed: several may name the same group. */
  readonly filter: string;
  readonly clientId: string;
  /** Its session is stored. */
  readonly durable: boolean;
}

/** Somebody who is about to subscribe it. */
export type EnteringUser = Pick<ShareUser, 'filter' | 'clientId'>;

/** When groups begin and end: with the users of this gateway, or with those of all on the store. */
export interface GroupLifetime {
  /** Brings back what the store has, as far as it is needed now. */
  start(): Promise<void>;
  stop(): void;
  /** The group, made if nobody has it, which stays until `joined` or `abandon`. To be run alone for the group. */
  acquire(key: string, topicFilter: string, user: EnteringUser): Promise<ShareGroup>;
  /** One that has acquired it does not join. */
  abandon(group: ShareGroup, user: EnteringUser): void;
  /** A user less. @param group undefined when it is not at this gateway */
  release(group: ShareGroup | undefined, user: ShareUser): void;
  /** Somebody has become a member, and is a user from now on: its session is in memory. */
  joined(group: ShareGroup, user: ShareUser): void;
  /** A member less. */
  left(group: ShareGroup): void;
  /** A session leaves memory with messages of the group. */
  tookAlong(group: ShareGroup, clientId: string): void;
  /** A session that was in it has left memory. */
  forgotten(group: ShareGroup): void;
  /** Whether there are members at other gateways. */
  hasOthers(key: string): boolean;
}
