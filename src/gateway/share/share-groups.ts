import type { Clock, Timer } from '../../common/clock.ts';
import { messageOf } from '../../common/errors.ts';
import type { Logger } from '../../common/logger.ts';
import { parseSharedFilter, sharedFilterText } from '../../common/topic/shared-filter.ts';
import type { Cluster } from '../../lmq/spi/cluster.ts';
import type { LmqStore } from '../../lmq/spi/lmq-store.ts';
import { type Arrival, type QueueOffset, StateSpace } from '../../lmq/spi/types.ts';
import type { GatewayStats } from '../gateway-stats.ts';
import type { LiveSubscriptions } from '../routing/live-subscriptions.ts';
import type { TopicMetadata } from '../routing/topic-metadata.ts';
import { decodeInflightRecord, encodeInflightRecord } from '../session/inflight-record.ts';
import { KeyedSerialQueue } from '../session/keyed-serial-queue.ts';
import type { Session, SessionSubscription } from '../session/session.ts';
import type { SharedSource, SharedSubscriptions } from '../session/shared-subscriptions.ts';
import { ClusterGroups } from './cluster-groups.ts';
import { takeLeases, takeStoredLeases } from './lease-return.ts';
import { SessionShares } from './session-shares.ts';
import { ShareGroup, ShareState } from './share-group.ts';
import type { ShareLog } from './share-log.ts';
import type { SharePump } from './share-pump.ts';
import { createShareStrategy, type ShareStrategyName } from './share-strategy.ts';
import { splitUserKey, userKey } from './share-user.ts';
import { readStoredGroups } from './stored-groups.ts';

/** A group without a user after an unclean end: its clients were not stored, and are about to come back. */
const ORPHAN_SECONDS = 60;

/** Runs a task while the client has no session in memory; not at all when it has one. */
export interface AwayClients {
  whileAway(clientId: string, task: () => Promise<void>): Promise<void>;
}

export interface ShareGroupsParts {
  readonly store: LmqStore;
  readonly metadata: TopicMetadata;
  readonly live: LiveSubscriptions;
  readonly pump: SharePump;
  readonly log: ShareLog;
  readonly stats: GatewayStats;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly strategy: ShareStrategyName;
  /** How long a group outlives its last user, seconds; 0 = not at all. */
  readonly expirySeconds: number;
  /** The other gateways on the store; none unless given. */
  readonly cluster?: Cluster | undefined;
}

/**
 * The shared subscriptions of a gateway (MQTT 5 §4.8.2). A group is durable: it begins at the end of its
 * filter's queue with the first who subscribes it and ends with the last, connected or not.
 */
export class ShareGroups implements SharedSubscriptions {
  readonly #parts: ShareGroupsParts;
  readonly #groups = new Map<string, ShareGroup>();
  /** Queue id → groups that read it. */
  readonly #byQueue = new Map<number, Set<ShareGroup>>();
  /** Ends of groups that have no user. */
  readonly #ends = new Map<ShareGroup, Timer>();
  readonly #serial = new KeyedSerialQueue();
  #away: AwayClients | undefined;
  /** Undefined when no other gateway is on the store. */
  readonly cluster: ClusterGroups | undefined;

  constructor(parts: ShareGroupsParts) {
    this.#parts = parts;
    const { cluster } = parts;
    if (cluster === undefined) return;
    this.cluster = new ClusterGroups({
      ...parts,
      cluster,
      serial: this.#serial,
      find: (key) => this.#groups.get(key),
      run: (group) => {
        parts.pump.run(group);
      },
      add: (key, filter, queue, offset) => this.#add(key, filter, queue, offset),
      remove: (group) => {
        this.#remove(group);
      },
      fetchBack: (group, clientIds) => {
        for (const clientId of clientIds) this.#fetchBack(group, clientId);
      },
    });
  }

  /** Groups, with members or without. */
  get size(): number {
    return this.#groups.size;
  }

  /** Brings back what the store has. */
  async start(away: AwayClients): Promise<void> {
    this.#away = away;
    const { store, logger } = this.#parts;
    // Those of a cluster are read when their first member comes.
    if (this.cluster !== undefined) {
      await this.cluster.start();
      return;
    }
    for await (const stored of readStoredGroups(store, logger)) {
      const { key, filter, queue, offset, returned, users } = stored;
      const group = this.#add(key, filter, queue, offset);
      group.giveBack(returned);
      for (const user of users) {
        group.users.add(user);
        // It may have messages in flight.
        group.holders.add(splitUserKey(user).clientId);
      }
    }
    for (const group of this.#groups.values()) this.#endWithoutUsers(group, ORPHAN_SECONDS);
  }

  stop(): void {
    for (const timer of this.#ends.values()) timer.cancel();
    this.#ends.clear();
    this.cluster?.stop();
  }

  find(key: string): ShareGroup | undefined {
    return this.#groups.get(key);
  }

  acquire(filter: string, clientId: string, durable: boolean): Promise<SharedSource> {
    const share = parseSharedFilter(filter);
    if (share === undefined) throw new RangeError(`not a shared filter: ${filter}`);
    const key = sharedFilterText(share);
    return this.#serial.run(key, async () => {
      if (this.cluster !== undefined) {
        return this.#acquireOfCluster(this.cluster, key, share.filter, {
          filter,
          clientId,
          durable,
        });
      }
      const user = userKey(filter, clientId);
      const group = this.#groups.get(key) ?? (await this.#create(key, share.filter));
      if (!group.users.has(user)) {
        group.users.add(user);
        this.#ends.get(group)?.cancel();
        this.#ends.delete(group);
        if (durable) {
          this.#parts.store.putState(StateSpace.SHARE_MEMBER, user, Buffer.alloc(0));
        }
      }
      return group;
    });
  }

  release(filter: string, clientId: string, durable: boolean): void {
    const group = this.#groupOf(filter);
    if (durable) this.cluster?.users.delete(filter, clientId);
    if (group === undefined) return;
    if (this.cluster !== undefined) {
      group.entering.delete(userKey(filter, clientId));
      this.cluster.leaveIfUnused(group);
      return;
    }
    const user = userKey(filter, clientId);
    if (!group.users.delete(user)) return;
    group.holders.delete(clientId);
    if (durable) this.#parts.store.deleteState(StateSpace.SHARE_MEMBER, user);
    this.#endWithoutUsers(group, this.#parts.expirySeconds);
  }

  join(subscription: SessionSubscription): void {
    const group = this.#groupOf(subscription.filter);
    if (group === undefined) return;
    const { session } = subscription;
    const { live, pump, log, stats } = this.#parts;
    const shares = session.shared instanceof SessionShares ? session.shared : undefined;
    const mine = shares ?? new SessionShares(pump, log);
    session.shared = mine;
    mine.groups.add(group);
    log.addLessee(group, session);
    group.members.push(subscription);
    stats.sharedSubscriptionsCurrent++;
    if (this.cluster !== undefined) {
      group.entering.delete(userKey(subscription.filter, session.clientId));
      this.cluster.joined(group);
      return;
    }
    if (group.members.length === 1) live.addGroup(group);
    group.holders.delete(session.clientId);
    for (const clientId of group.holders) this.#fetchBack(group, clientId);
  }

  leave(subscription: SessionSubscription): void {
    const group = this.#groupOf(subscription.filter);
    if (group === undefined) return;
    const index = group.members.indexOf(subscription);
    if (index < 0) return;
    group.members.splice(index, 1);
    this.#parts.stats.sharedSubscriptionsCurrent--;
    if (group.members.length === 0 && this.cluster === undefined)
      this.#parts.live.removeGroup(group);
    // What has not been sent yet, others can have; what has been is completed [MQTT-3.10.4-3].
    const { session } = subscription;
    this.#return(takeLeases(session, { key: group.key, ends: false, hasOthers: () => false }));
    this.#parts.pump.run(group);
  }

  takeBack(session: Session, ends: boolean): void {
    if (!(session.shared instanceof SessionShares)) return;
    const rules = {
      ends,
      hasOthers: (key: string) =>
        hasOtherMember(this.#groups.get(key), session) ||
        this.cluster?.users.hasOtherNode(key) === true,
    };
    const taken = takeLeases(session, rules);
    for (const group of session.shared.groups) {
      if (ends || !holdsAny(session, group)) continue;
      group.holders.add(session.clientId);
    }
    for (const key of taken.keys()) {
      // A new group of the same name, which has nothing to do with what the one before had handed out.
      const group = this.#groups.get(key);
      if (group !== undefined && !session.shared.groups.has(group)) taken.delete(key);
    }
    this.#return(taken);
  }

  forget(session: Session): void {
    if (!(session.shared instanceof SessionShares)) return;
    for (const group of session.shared.groups) {
      this.#parts.log.removeLessee(group, session);
      this.cluster?.leaveIfUnused(group);
    }
    session.shared.groups.clear();
  }

  giveBack(key: string, offsets: readonly QueueOffset[]): void {
    this.#return(new Map([[key, offsets]]));
  }

  /** New records of a queue. */
  arrived(arrival: Arrival): void {
    const groups = this.#byQueue.get(arrival.queue.id);
    if (groups === undefined) return;
    for (const group of groups) this.#parts.pump.run(group);
  }

  #groupOf(filter: string): ShareGroup | undefined {
    const share = parseSharedFilter(filter);
    return share === undefined ? undefined : this.#groups.get(sharedFilterText(share));
  }

  #return(taken: ReadonlyMap<string, readonly QueueOffset[]>): void {
    const { pump, log, stats } = this.#parts;
    for (const [key, offsets] of taken) {
      const group = this.#groups.get(key);
      // Nobody subscribes it any more: what it had goes with it.
      if (group === undefined) continue;
      stats.sharedMessagesReturned += offsets.length;
      group.giveBack(offsets);
      log.changed(group);
      pump.run(group);
      // In the commit in which the one that had them loses them.
      log.saveGroup(group);
    }
  }

  /** Messages that a client took along when it went: others are here now. */
  #fetchBack(group: ShareGroup, clientId: string): void {
    const { store, logger } = this.#parts;
    group.holders.delete(clientId);
    const fetching = this.#away?.whileAway(clientId, async () => {
      const saved = await store.getState(StateSpace.INFLIGHT, clientId);
      if (saved === undefined) return;
      const taken = takeStoredLeases(decodeInflightRecord(saved, clientId), group.key);
      if (taken === undefined) return;
      store.putState(StateSpace.INFLIGHT, clientId, encodeInflightRecord(taken.rest));
      this.giveBack(group.key, taken.offsets);
    });
    fetching?.catch((error: unknown) => {
      logger.error(
        { clientId, group: group.key, error: messageOf(error) },
        'taking messages of a shared subscription back failed',
      );
    });
  }

  /** A user of a group of several gateways. */
  async #acquireOfCluster(
    cluster: ClusterGroups,
    key: string,
    topicFilter: string,
    { filter, clientId, durable }: { filter: string; clientId: string; durable: boolean },
  ): Promise<SharedSource> {
    const group = this.#groups.get(key) ?? (await cluster.enter(key, topicFilter));
    group.entering.add(userKey(filter, clientId));
    if (durable) cluster.users.add(filter, clientId);
    return group;
  }

  async #create(key: string, filter: string): Promise<ShareGroup> {
    const { metadata, log } = this.#parts;
    const queue = await metadata.acquire(filter, true);
    const group = this.#add(key, filter, queue, queue.nextOffset);
    log.changed(group);
    log.saveGroup(group);
    return group;
  }

  #add(key: string, filter: string, queue: SharedSource['queue'], offset: QueueOffset): ShareGroup {
    const strategy = createShareStrategy<SessionSubscription>(this.#parts.strategy);
    const group = new ShareGroup(key, filter, queue, offset, strategy);
    this.#groups.set(key, group);
    const same = this.#byQueue.get(queue.id);
    if (same === undefined) this.#byQueue.set(queue.id, new Set([group]));
    else same.add(group);
    this.#parts.stats.sharedGroupsCurrent = this.#groups.size;
    return group;
  }

  #endWithoutUsers(group: ShareGroup, seconds: number): void {
    if (group.users.size > 0 || this.#ends.has(group)) return;
    if (seconds <= 0) {
      this.#end(group);
      return;
    }
    const timer = this.#parts.clock.after(seconds * 1000, () => {
      this.#ends.delete(group);
      if (group.users.size === 0) this.#end(group);
    });
    this.#ends.set(group, timer);
  }

  /** What nobody has had is deleted (MQTT 5 §4.8.2). */
  #end(group: ShareGroup): void {
    const { store, metadata, log } = this.#parts;
    group.state = ShareState.CLOSED;
    this.#remove(group);
    log.erase(group);
    metadata.release(group.filter, true);
    store.closeQueue(group.queue);
  }

  #remove(group: ShareGroup): void {
    this.#groups.delete(group.key);
    const same = this.#byQueue.get(group.queue.id);
    if (same?.delete(group) === true && same.size === 0) this.#byQueue.delete(group.queue.id);
    this.#parts.stats.sharedGroupsCurrent = this.#groups.size;
  }
}

function hasOtherMember(group: ShareGroup | undefined, session: Session): boolean {
  if (group === undefined) return false;
  return group.members.some((one) => one.session !== session && one.session.link !== undefined);
}

function holdsAny({ inflight }: Session, group: ShareGroup): boolean {
  for (const slot of inflight.incomplete()) {
    if (inflight.qos(slot) === 1 && inflight.cursor(slot).shareKey === group.key) return true;
  }
  return false;
}
