import type { Clock } from '../../common/clock.ts';
import type { Logger } from '../../common/logger.ts';
import { parseSharedFilter } from '../../common/topic/shared-filter.ts';
import { ClaimKind, claimKey, type Cluster } from '../../lmq/spi/cluster.ts';
import type { LmqStore } from '../../lmq/spi/lmq-store.ts';
import { StateSpace } from '../../lmq/spi/types.ts';
import type { TopicMetadata } from '../routing/topic-metadata.ts';
import type { KeyedSerialQueue } from '../session/keyed-serial-queue.ts';
import { GroupParts, type GroupPartsOptions } from './group-parts.ts';
import type { ShareGroup } from './share-group.ts';
import type { ShareLog } from './share-log.ts';
import { ShareTurns } from './share-turns.ts';
import { splitPartKey } from './share-user.ts';
import { ShareUsers } from './share-users.ts';

export interface ClusterGroupsParts extends Pick<GroupPartsOptions, 'add' | 'remove'> {
  readonly cluster: Cluster;
  readonly store: LmqStore;
  readonly metadata: TopicMetadata;
  readonly log: ShareLog;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Tasks of one group, one after another. */
  readonly serial: KeyedSerialQueue;
  readonly find: (key: string) => ShareGroup | undefined;
  readonly run: (group: ShareGroup) => void;
  /** Messages that stored sessions took along when their clients went, if others are here. */
  readonly fetchBack: (group: ShareGroup, clientIds: readonly string[]) => void;
}

/** What shared groups need where several gateways are on the store. */
export class ClusterGroups {
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
      const group = this.#parts.find(key);
      if (group?.hasTurn === false && group.members.length > 0) this.turns.ask(group);
    });
  }

  stop(): void {
    this.turns.stop();
  }

  /** To be run alone for the group. */
  async enter(key: string, filter: string): Promise<ShareGroup> {
    const group = await this.#ours.enter(key, filter);
    this.#parts.fetchBack(group, this.users.clientIds(key));
    return group;
  }

  /** A member more. */
  joined(group: ShareGroup): void {
    this.turns.entered(group);
  }

  leaveIfUnused(group: ShareGroup): void {
    const { serial } = this.#parts;
    this.#ours.leaveLater(group, (task) => serial.run(group.key, task));
  }

  /** Another gateway waits for the turn of a group. */
  giveUp(key: string): void {
    const { serial, find, cluster } = this.#parts;
    const group = find(key);
    if (group !== undefined) {
      this.turns.wanted(key, group);
      return;
    }
    // It may be on its way in.
    void serial.run(key, () => {
      const entered = find(key);
      if (entered === undefined) cluster.release(claimKey(ClaimKind.GROUP, key));
      else this.turns.wanted(key, entered);
      return Promise.resolve();
    });
  }

  /** The gateway whose part in a group this is has died. */
  async adopt(name: string): Promise<void> {
    const { serial, find, fetchBack, cluster } = this.#parts;
    const part = splitPartKey(name);
    const share = part === undefined ? undefined : parseSharedFilter(part.groupKey);
    if (part === undefined || share === undefined) return;
    const { groupKey, nodeId } = part;
    if (!(await cluster.claimIfFree(claimKey(ClaimKind.MEMBERSHIP, name)))) return;
    await serial.run(groupKey, async () => {
      const group = find(groupKey) ?? (await this.#ours.enter(groupKey, share.filter));
      await this.#ours.adopt(group, nodeId);
      cluster.release(claimKey(ClaimKind.MEMBERSHIP, name));
      fetchBack(group, this.users.clientIds(groupKey));
    });
    const group = find(groupKey);
    if (group !== undefined) this.leaveIfUnused(group);
  }
}
