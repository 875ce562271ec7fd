import type { Clock, Timer } from '../../common/clock.ts';
import type { Logger } from '../../common/logger.ts';
import type { Lane } from '../../lmq/spi/lane.ts';
import type { LmqStore } from '../../lmq/spi/lmq-store.ts';
import { StateSpace } from '../../lmq/spi/types.ts';
import type { LiveSubscriptions } from '../routing/live-subscriptions.ts';
import type { TopicMetadata } from '../routing/topic-metadata.ts';
import type { EnteringUser, GroupLifetime, ShareUser } from './group-lifetime.ts';
import type { GroupTable } from './group-table.ts';
import { type ShareGroup, ShareState } from './share-group.ts';
import type { ShareLog } from './share-log.ts';
import { splitUserKey, userKey } from './share-user.ts';
import { readStoredGroups } from './stored-groups.ts';

/** A group without a user after an unclean end: its clients were not stored, and are about to come back. */
const ORPHAN_SECONDS = 60;

export interface StandaloneGroupsParts {
  readonly lane: Lane;
  readonly store: LmqStore;
  readonly metadata: TopicMetadata;
  readonly live: LiveSubscriptions;
  readonly log: ShareLog;
  readonly clock: Clock;
  readonly logger: Logger;
  /** How long a group outlives its last user, seconds; 0 = not at all. */
  readonly expirySeconds: number;
  readonly table: GroupTable;
  /** Messages that a stored session took along when its client went, if others are here. */
  readonly fetchBack: (group: ShareGroup, clientId: string) => void;
}

/** Groups where no other gateway is on the store: all of them are in memory, with all of their users. */
export class StandaloneGroups implements GroupLifetime {
  readonly #parts: StandaloneGroupsParts;
  /** Ends of groups that have no user. */
  readonly #ends = new Map<ShareGroup, Timer>();

  constructor(parts: StandaloneGroupsParts) {
    this.#parts = parts;
  }

  async start(): Promise<void> {
    const { store, logger, table } = this.#parts;
    for await (const stored of readStoredGroups(store, logger)) {
      const { key, filter, queue, offset, returned, users } = stored;
      const group = table.add(key, filter, queue, offset);
      group.giveBack(returned);
      for (const user of users) {
        group.users.add(user);
        // It may have messages in flight.
        group.holders.add(splitUserKey(user).clientId);
      }
    }
    for (const group of table.all()) this.#endWithoutUsers(group, ORPHAN_SECONDS);
  }

  stop(): void {
    for (const timer of this.#ends.values()) timer.cancel();
    this.#ends.clear();
  }

  async acquire(
    key: string,
    topicFilter: string,
    { filter, clientId }: EnteringUser,
  ): Promise<ShareGroup> {
    const { table } = this.#parts;
    const group = table.find(key) ?? (await this.#create(key, topicFilter));
    group.awaitUser(userKey(filter, clientId));
    this.#ends.get(group)?.cancel();
    this.#ends.delete(group);
    return group;
  }

  abandon(group: ShareGroup, { filter, clientId }: EnteringUser): void {
    group.awaitNoMore(userKey(filter, clientId));
    this.#endWithoutUsers(group, this.#parts.expirySeconds);
  }

  release(group: ShareGroup | undefined, { filter, clientId, durable }: ShareUser): void {
    if (group === undefined) return;
    const name = userKey(filter, clientId);
    if (!group.users.delete(name)) return;
    group.holders.delete(clientId);
    const { store, expirySeconds } = this.#parts;
    if (durable) store.deleteState(StateSpace.SHARE_MEMBER, name);
    this.#endWithoutUsers(group, expirySeconds);
  }

  joined(group: ShareGroup, { filter, clientId, durable }: ShareUser): void {
    const { live, fetchBack, store } = this.#parts;
    const name = userKey(filter, clientId);
    group.awaitNoMore(name);
    if (!group.users.has(name)) {
      group.users.add(name);
      if (durable) store.putState(StateSpace.SHARE_MEMBER, name, Buffer.alloc(0));
    }
    if (group.members.length === 1) live.addGroup(group);
    group.holders.delete(clientId);
    for (const holder of group.holders) fetchBack(group, holder);
  }

  left(group: ShareGroup): void {
    if (group.members.length === 0) this.#parts.live.removeGroup(group);
  }

  tookAlong(group: ShareGroup, clientId: string): void {
    group.holders.add(clientId);
  }

  forgotten(): void {
    // It ends with its users.
  }

  hasOthers(): boolean {
    return false;
  }

  async #create(key: string, filter: string): Promise<ShareGroup> {
    const { metadata, log, table, lane } = this.#parts;
    const queue = await metadata.acquireAt(filter, true, lane);
    const group = table.add(key, filter, queue, queue.nextOffset);
    log.changed(group);
    log.saveGroup(group);
    return group;
  }

  #endWithoutUsers(group: ShareGroup, seconds: number): void {
    if (isUsed(group) || this.#ends.has(group)) return;
    if (seconds <= 0) {
      this.#end(group);
      return;
    }
    const timer = this.#parts.clock.after(seconds * 1000, () => {
      this.#ends.delete(group);
      if (!isUsed(group)) this.#end(group);
    });
    this.#ends.set(group, timer);
  }

  /** What nobody has had is deleted (MQTT 5 §4.8.2). */
  #end(group: ShareGroup): void {
    const { store, metadata, log, table, lane } = this.#parts;
    group.state = ShareState.CLOSED;
    table.remove(group);
    log.erase(group);
    metadata.releaseAt(group.filter, true, lane);
    store.closeQueue(group.queue);
  }
}

/** Whether it has users, or is about to have. */
function isUsed({ users, isAwaited }: ShareGroup): boolean {
  return users.size > 0 || isAwaited;
}
