import { parseSharedFilter } from '../../common/topic/shared-filter.ts';
import { ClaimKind, claimKey } from '../../lmq/spi/cluster.ts';
import { StateSpace } from '../../lmq/spi/types.ts';
import type { KeyedSerialQueue } from '../session/keyed-serial-queue.ts';
import type { EnteringUser, GroupLifetime, ShareUser } from './group-lifetime.ts';
import { GroupParts, type GroupPartsOptions } from './group-parts.ts';
import type { ShareGroup } from './share-group.ts';
import { ShareTurns } from './share-turns.ts';
import { splitPartKey, splitUserKey, userKey } from './share-user.ts';
import { ShareUsers } from './share-users.ts';

export interface ClusterGroupsParts extends Omit<GroupPartsOptions, 'turns' | 'users'> {
  /** Tasks of one group, one after another. */
  readonly serial: KeyedSerialQueue;
  readonly run: (group: ShareGroup) => void;
  /** Messages that a stored session took along when its client went, if others are here. */
  readonly fetchBack: (group: ShareGroup, clientId: string) => void;
}

/** Groups where several gateways are on the store: each has a part in those that it has members of. */
export class ClusterGroups implements GroupLifetime {
  readonly users: ShareUsers;
  readonly turns: ShareTurns;
  readonly #parts: ClusterGroupsParts;
  readonly #ours: GroupParts;

  constructor(parts: ClusterGroupsParts) {
    this.#parts = parts;
    this.users = new ShareUsers(parts.cluster, parts.store);
    this.turns = new ShareTurns(parts);
    this.#ours = new GroupParts({ ...parts, turns: this.turns, users: this.users });
  }

  async start(): Promise<void> {
    await this.users.start();
    await this.#parts.cluster.watchState(StateSpace.SHARE, (key, value) => {
      // Somebody has given messages back: they may be for members of this gateway.
      if (value === undefined || splitPartKey(key) !== undefined) return;
      const group = this.#parts.table.find(key);
      if (group?.hasTurn === false && group.members.length > 0) this.turns.ask(group);
    });
  }

  stop(): void {
    this.turns.stop();
  }

  async acquire(key: string, topicFilter: string, user: EnteringUser): Promise<ShareGroup> {
    const group = this.#parts.table.find(key) ?? (await this.#ours.enter(key, topicFilter));
    const isFirst = !isUsed(group);
    group.awaitUser(userKey(user.filter, user.clientId));
    if (isFirst) this.#fetchBack(group);
    return group;
  }

  abandon(group: ShareGroup, { filter, clientId }: EnteringUser): void {
    group.awaitNoMore(userKey(filter, clientId));
    this.#leaveIfUnused(group);
  }

  release(group: ShareGroup | undefined, { filter, clientId, durable }: ShareUser): void {
    if (durable) this.users.delete(filter, clientId);
    if (group !== undefined) this.#leaveIfUnused(group);
  }

  joined(group: ShareGroup, { filter, clientId, durable }: ShareUser): void {
    group.awaitNoMore(userKey(filter, clientId));
    if (durable) this.users.add(filter, clientId);
    this.turns.entered(group);
  }

  left(): void {
    // What is published at QoS 0 comes out of the queue, too.
  }

  tookAlong(): void {
    // Whoever enters the group asks all of its users.
  }

  forgotten(group: ShareGroup): void {
    this.#leaveIfUnused(group);
  }

  hasOthers(key: string): boolean {
    return this.users.hasOtherNode(key);
  }

  /**
   * A group with stored sessions begins here too, if it is not here yet.
   * @param users user keys of the stored sessions
   */
  seed(key: string, users: readonly string[]): Promise<void> {
    const share = parseSharedFilter(key);
    if (share === undefined) return Promise.resolve();
    const { serial, table, store } = this.#parts;
    return serial.run(key, async () => {
      for (const user of users) {
        const { filter, clientId } = splitUserKey(user);
        this.users.add(filter, clientId);
      }
      if (table.find(key) !== undefined) return;
      if ((await store.getState(StateSpace.SHARE, key)) !== undefined) return;
      await this.#ours.leave(await this.#ours.enter(key, share.filter));
    });
  }

  /**
   * The gateway of a stored session has died: members at other gateways get what it had. That its part in the
   * group is over may have been known before it was known that its session is free.
   */
  async fetchFrom(key: string, clientId: string): Promise<void> {
    const share = parseSharedFilter(key);
    if (share === undefined) return;
    const { serial, table, fetchBack } = this.#parts;
    await serial.run(key, async () => {
      const group = table.find(key);
      if (group !== undefined) fetchBack(group, clientId);
      else if (this.users.hasNode(key)) this.#fetchBack(await this.#ours.enter(key, share.filter));
    });
    const group = table.find(key);
    if (group !== undefined) this.#leaveIfUnused(group);
  }

  /** Another gateway waits for the turn of a group. */
  giveUp(key: string): void {
    const { serial, table, cluster } = this.#parts;
    const group = table.find(key);
    if (group !== undefined) {
      this.turns.wanted(key, group);
      return;
    }
    // It may be on its way in.
    void serial.run(key, () => {
      const entered = table.find(key);
      if (entered === undefined) cluster.release(claimKey(ClaimKind.GROUP, key));
      else this.turns.wanted(key, entered);
      return Promise.resolve();
    });
  }

  /** The turn of a group has come when nobody here waited for it any more; somebody may have asked again. */
  giveUpUnneeded(key: string): Promise<void> {
    const { serial, table, cluster } = this.#parts;
    return serial.run(key, () => {
      const group = table.find(key);
      if (group === undefined) cluster.release(claimKey(ClaimKind.GROUP, key));
      else this.turns.giveUpUnneeded(group);
      return Promise.resolve();
    });
  }

  /** The gateway whose part in a group this is has died. This gateway's own has come late, and may be in use. */
  async adopt(name: string): Promise<void> {
    const { serial, table, cluster } = this.#parts;
    const part = splitPartKey(name);
    const share = part === undefined ? undefined : parseSharedFilter(part.groupKey);
    if (part === undefined || share === undefined) return;
    const { groupKey, nodeId } = part;
    if (nodeId === cluster.nodeId) {
      await serial.run(groupKey, () => {
        if (table.find(groupKey) === undefined) {
          cluster.release(claimKey(ClaimKind.MEMBERSHIP, name));
        }
        return Promise.resolve();
      });
      return;
    }
    if (!(await cluster.claimIfFree(claimKey(ClaimKind.MEMBERSHIP, name)))) return;
    await serial.run(groupKey, async () => {
      const group = table.find(groupKey) ?? (await this.#ours.enter(groupKey, share.filter));
      await this.#ours.adopt(group, nodeId);
      cluster.release(claimKey(ClaimKind.MEMBERSHIP, name));
      this.#fetchBack(group);
    });
    const group = table.find(groupKey);
    if (group !== undefined) this.#leaveIfUnused(group);
  }

  /** Without members anywhere the clients keep what they have, and find it with DUP: the first one to come asks them. */
  #fetchBack(group: ShareGroup): void {
    if (!isUsed(group) && !this.users.hasOtherNode(group.key)) return;
    for (const clientId of this.users.clientIds(group.key)) this.#parts.fetchBack(group, clientId);
  }

  #leaveIfUnused(group: ShareGroup): void {
    const { serial } = this.#parts;
    this.#ours.leaveLater(group, (task) => serial.run(group.key, task));
  }
}

/** Whether it has members at this gateway, or is about to have. */
function isUsed({ members, isAwaited }: ShareGroup): boolean {
  return members.length > 0 || isAwaited;
}
