import type { ShareGroup } from './share-group.ts';

/** Somebody who subscribes a group. */
export interface ShareUser {
  /** As it was subscribed: several may name the same group. */
  readonly filter: string;
  readonly clientId: string;
  /** Its session is stored. */
  readonly durable: boolean;
}

/** When groups begin and end: with the users of this gateway, or with those of all on the store. */
export interface GroupLifetime {
  /** Brings back what the store has, as far as it is needed now. */
  start(): Promise<void>;
  stop(): void;
  /** The group, made if nobody has it, with one user more. To be run alone for the group. */
  acquire(key: string, topicFilter: string, user: ShareUser): Promise<ShareGroup>;
  /** A user less. @param group undefined when it is not at this gateway */
  release(group: ShareGroup | undefined, user: ShareUser): void;
  /** A user has become a member: its session is in memory. */
  joined(group: ShareGroup, user: Pick<ShareUser, 'filter' | 'clientId'>): void;
  /** A member less. */
  left(group: ShareGroup): void;
  /** A session leaves memory with messages of the group. */
  tookAlong(group: ShareGroup, clientId: string): void;
  /** A session that was in it has left memory. */
  forgotten(group: ShareGroup): void;
  /** Whether there are members at other gateways. */
  hasOthers(key: string): boolean;
}
