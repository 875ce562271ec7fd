import { isRetryable, messageOf } from '../../common/errors.ts';
import type { Clock } from '../../common/clock.ts';
import { ClaimKind, claimKey, type Cluster } from '../../lmq/spi/cluster.ts';
import type { LmqStore } from '../../lmq/spi/lmq-store.ts';
import { filterQueueName } from '../../lmq/spi/queue-name.ts';
import type { Lane } from '../../lmq/spi/lane.ts';
import { type Queue, type QueueOffset, StateSpace } from '../../lmq/spi/types.ts';
import type { Logger } from '../../common/logger.ts';
import type { Stores } from '../../lmq/spi/stores.ts';
import type { TopicMetadata } from '../routing/topic-metadata.ts';
import { groupHold } from './group-hold.ts';
import type { GroupTable } from './group-table.ts';
import { type ShareGroup, ShareState } from './share-group.ts';
import type { ShareLog } from './share-log.ts';
import { decodeShareRecord } from './share-record.ts';
import type { ShareTurns } from './share-turns.ts';
import { partKey, shareConsumer } from './share-user.ts';
import type { ShareUsers } from './share-users.ts';

/** Until a group is left that could not be, ms. */
const RETRY_MS = 1_000;

export interface GroupPartsOptions {
  readonly lane: Lane;
  readonly clock: Clock;
  readonly stores: Stores;
  readonly cluster: Cluster;
  readonly store: LmqStore;
  readonly metadata: TopicMetadata;
  readonly log: ShareLog;
  readonly turns: ShareTurns;
  readonly users: ShareUsers;
  readonly logger: Logger;
  /** The groups of this gateway. */
  readonly table: GroupTable;
}

/**
 * The part of this gateway in the shared groups of a cluster: a gateway is in a group while it has members of it,
 * or messages of it in flight. The last one to leave ends a group without users.
 */
export class GroupParts {
  readonly #options: GroupPartsOptions;

  constructor(options: GroupPartsOptions) {
    this.#options = options;
  }

  /**
   * This gateway joins a group, which is made when nobody has it. It has the turn then.
   * @throws StoreError (rejection) when the store does not answer in time; nothing is held then
   */
  async enter(key: string, filter: string): Promise<ShareGroup> {
    const { cluster, log, turns, users } = this.#options;
    const claims = [
      claimKey(ClaimKind.GROUP, key),
      claimKey(ClaimKind.MEMBERSHIP, partKey(key, cluster.nodeId)),
    ];
    let group: ShareGroup;
    try {
      for (const claim of claims) await cluster.claim(claim);
      group = await this.#read(key, filter);
    } catch (error) {
      // Others would wait for this gateway. What it is given after that comes as an orphan.
      for (const claim of claims) cluster.release(claim);
      throw error;
    }
    users.addNode(key, cluster.nodeId);
    turns.taken(group);
    log.changed(group);
    log.saveGroup(group);
    return group;
  }

  /** Leaves a group that this gateway has nothing of any more. To be run alone for the group. */
  async leave(group: ShareGroup): Promise<void> {
    if (!this.#isUnused(group)) return;
    const { cluster, store, metadata, log, turns, users, table, lane } = this.#options;
    await turns.take(group);
    if (!this.#isUnused(group)) {
      turns.entered(group);
      return;
    }
    const { key, filter, queue } = group;
    log.changed(group);
    log.saveGroup(group);
    log.erasePart(group);
    users.deleteNode(key, cluster.nodeId);
    if (!users.hasAny(key)) {
      log.erase(group);
      metadata.releaseAt(filter, true, lane);
    }
    group.state = ShareState.CLOSED;
    table.remove(group);
    store.closeQueue(queue);
    turns.release(group);
    cluster.release(claimKey(ClaimKind.MEMBERSHIP, partKey(key, cluster.nodeId)));
  }

  /**
   * What a dead gateway had handed out to clients that are not stored is nobody's again. To be run alone for the
   * group, which this gateway is in.
   */
  async adopt(group: ShareGroup, nodeId: string): Promise<void> {
    const { store, users, log, turns } = this.#options;
    const key = partKey(group.key, nodeId);
    const record = await store.getState(StateSpace.SHARE, key);
    await turns.take(group);
    if (record !== undefined) {
      group.giveBack(decodeShareRecord(record, key));
      store.deleteState(StateSpace.SHARE, key);
    }
    users.deleteNode(group.key, nodeId);
    log.changed(group);
    log.saveGroup(group);
    turns.entered(group);
  }

  /** Leaves in the background; `alone` runs it. */
  leaveLater(group: ShareGroup, alone: (task: () => Promise<void>) => Promise<void>): void {
    if (!this.#isUnused(group)) return;
    alone(() => this.leave(group)).catch((error: unknown) => {
      const { logger, clock } = this.#options;
      logger.error({ group: group.key, error: messageOf(error) }, 'leaving a shared group failed');
      // It would count as one that has members.
      if (!isRetryable(error)) return;
      clock.after(RETRY_MS, () => {
        this.leaveLater(group, alone);
      });
    });
  }

  /** A group as the store has it, or a new one; in the table from now on. */
  async #read(key: string, filter: string): Promise<ShareGroup> {
    const { store, stores, metadata, table, lane } = this.#options;
    const record = await store.getState(StateSpace.SHARE, key);
    const returned = record === undefined ? [] : decodeShareRecord(record, key);
    const queue =
      record === undefined
        ? await metadata.acquireAt(filter, true, lane)
        : await store.openQueue(filterQueueName(filter));
    const offset = record === undefined ? undefined : await this.#loadOffset(key, queue);
    const group = table.add(key, filter, queue, offset ?? queue.nextOffset);
    group.after = groupHold(filter, lane, stores.spread);
    if (record !== undefined) {
      group.savedRecord = record;
      group.savedOffset = offset ?? -1;
      group.giveBack(returned);
    }
    return group;
  }

  async #loadOffset(key: string, queue: Queue): Promise<QueueOffset | undefined> {
    const { store } = this.#options;
    try {
      return await store.loadOffset(shareConsumer(key), queue);
    } catch (error) {
      store.closeQueue(queue);
      throw error;
    }
  }

  #isUnused(group: ShareGroup): boolean {
    if (group.state === ShareState.CLOSED) return false;
    if (group.members.length > 0 || group.isAwaited || group.fetching > 0) return false;
    return !this.#options.log.hasInFlight(group);
  }
}
