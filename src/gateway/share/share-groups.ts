import type { Clock } from '../../common/clock.ts';
import type { Logger } from '../../common/logger.ts';
import { parseSharedFilter, sharedFilterText } from '../../common/topic/shared-filter.ts';
import type { Lane } from '../../lmq/spi/lane.ts';
import type { Stores } from '../../lmq/spi/stores.ts';
import type { Arrival, QueueOffset } from '../../lmq/spi/types.ts';
import type { GatewayStats } from '../gateway-stats.ts';
import type { LiveSubscriptions } from '../routing/live-subscriptions.ts';
import type { TopicMetadata } from '../routing/topic-metadata.ts';
import { KeyedSerialQueue } from '../session/keyed-serial-queue.ts';
import type { Session, SessionSubscription } from '../session/session.ts';
import { ClusterGroups } from './cluster-groups.ts';
import type { EnteringUser, GroupLifetime, ShareUser } from './group-lifetime.ts';
import { GroupTable } from './group-table.ts';
import { type AwayClients, LeaseFetch } from './lease-fetch.ts';
import { takeLeases } from './lease-return.ts';
import { SessionShares } from './session-shares.ts';
import type { ShareGroup } from './share-group.ts';
import type { ShareLog } from './share-log.ts';
import type { SharePump } from './share-pump.ts';
import type { ShareStrategyName } from './share-strategy.ts';
import { StandaloneGroups } from './standalone-groups.ts';

export interface ShareGroupsParts {
  readonly stores: Stores;
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
}

/**
 * The shared subscriptions of a gateway in one store (MQTT 5 §4.8.2). A group is durable: it begins at the end
 * of its filter's queue with the first who subscribes it and ends with the last, connected or not.
 */
export class ShareGroups {
  readonly #parts: ShareGroupsParts;
  readonly #lane: Lane;
  readonly #table: GroupTable;
  readonly #lifetime: GroupLifetime;
  readonly #fetch: LeaseFetch;
  readonly #serial = new KeyedSerialQueue();
  #started: Promise<void> | undefined;
  /** Undefined when no other gateway is on the store. */
  readonly cluster: ClusterGroups | undefined;

  constructor(lane: Lane, parts: ShareGroupsParts) {
    const { stores, strategy, stats, clock, logger } = parts;
    this.#parts = parts;
    this.#lane = lane;
    this.#table = new GroupTable(strategy, stats);
    this.#fetch = new LeaseFetch({
      lane,
      stores,
      clock,
      logger,
      isHere: (group) => this.#table.find(group.key) === group,
      giveBack: (key, offsets) => {
        this.#return(new Map([[key, offsets]]));
      },
      done: (group) => {
        this.#lifetime.forgotten(group);
      },
    });
    const common = {
      ...parts,
      lane,
      store: stores.member(lane),
      table: this.#table,
      fetchBack: (group: ShareGroup, clientId: string) => {
        this.#fetch.from(group, clientId);
      },
    };
    const cluster = stores.clusterOf(lane);
    if (cluster === undefined) {
      this.#lifetime = new StandaloneGroups(common);
      return;
    }
    this.cluster = new ClusterGroups({
      ...common,
      cluster,
      serial: this.#serial,
      run: (group) => {
        parts.pump.run(group);
      },
    });
    this.#lifetime = this.cluster;
  }

  /** Groups, with members or without. */
  get size(): number {
    return this.#table.size;
  }

  /** Brings back what the store has; once, unless that fails. */
  start(away: AwayClients): Promise<void> {
    this.#fetch.start(away);
    this.#started ??= this.#lifetime.start().catch((error: unknown) => {
      this.#started = undefined;
      throw error;
    });
    return this.#started;
  }

  stop(): void {
    this.#lifetime.stop();
  }

  find(key: string): ShareGroup | undefined {
    return this.#table.find(key);
  }

  acquire(user: EnteringUser): Promise<ShareGroup> {
    const share = parseSharedFilter(user.filter);
    if (share === undefined) throw new RangeError(`not a shared filter: ${user.filter}`);
    const key = sharedFilterText(share);
    return this.#serial.run(key, async () => {
      if (this.#started !== undefined) await this.#started;
      return this.#lifetime.acquire(key, share.filter, user);
    });
  }

  /** Whoever has acquired it does not join. */
  abandon(user: EnteringUser): void {
    const group = this.#groupOf(user.filter);
    if (group !== undefined) this.#lifetime.abandon(group, user);
  }

  release(user: ShareUser): void {
    this.#lifetime.release(this.#groupOf(user.filter), user);
  }

  /** Does nothing for one that is a member already. */
  join(subscription: SessionSubscription): void {
    const { session, filter, queue } = subscription;
    const group = this.#groupOf(filter);
    if (group === undefined) return;
    const { pump, log, stats } = this.#parts;
    const shares = session.shared instanceof SessionShares ? session.shared : undefined;
    const mine = shares ?? new SessionShares(pump, log);
    session.shared = mine;
    if (mine.groups.has(group) && group.members.includes(subscription)) return;
    mine.groups.add(group);
    log.addLessee(group, session);
    group.members.push(subscription);
    // One that is in several stores counts in the first.
    if (queue.lane === this.#lane) stats.sharedSubscriptionsCurrent++;
    const { clientId, persistent } = session;
    this.#lifetime.joined(group, { filter, clientId, durable: persistent });
  }

  leave(subscription: SessionSubscription): void {
    const { session, filter, queue } = subscription;
    const group = this.#groupOf(filter);
    if (group === undefined) return;
    const index = group.members.indexOf(subscription);
    if (index < 0) return;
    group.members.splice(index, 1);
    if (queue.lane === this.#lane) this.#parts.stats.sharedSubscriptionsCurrent--;
    this.#lifetime.left(group);
    // What has not been sent yet, others can have; what has been is completed [MQTT-3.10.4-3].
    const rules = { lane: this.#lane, key: group.key, ends: false, hasOthers: () => false };
    this.#return(takeLeases(session, rules));
    this.#parts.pump.run(group);
  }

  takeBack(session: Session, ends: boolean): void {
    if (!(session.shared instanceof SessionShares)) return;
    const { groups } = session.shared;
    const taken = takeLeases(session, {
      lane: this.#lane,
      ends,
      hasOthers: (key) =>
        hasOtherMember(this.#table.find(key), session) || this.#lifetime.hasOthers(key),
    });
    for (const group of groups) {
      if (ends || group.queue.lane !== this.#lane || !holdsAny(session, group)) continue;
      this.#lifetime.tookAlong(group, session.clientId);
    }
    for (const key of taken.keys()) {
      // A new group of the same name, which has nothing to do with what the one before had handed out.
      const group = this.#table.find(key);
      if (group !== undefined && !groups.has(group)) taken.delete(key);
    }
    this.#return(taken);
  }

  forget(session: Session): void {
    if (!(session.shared instanceof SessionShares)) return;
    const { groups } = session.shared;
    for (const group of groups) {
      if (group.queue.lane !== this.#lane) continue;
      this.#parts.log.removeLessee(group, session);
      this.#lifetime.forgotten(group);
      groups.delete(group);
    }
  }

  /** New records of a queue. */
  arrived(arrival: Arrival): void {
    const groups = this.#table.ofQueue(arrival.queue.id);
    if (groups === undefined) return;
    for (const group of groups) this.#parts.pump.run(group);
  }

  /** What has waited while nothing was handed out goes on. */
  runAll(): void {
    for (const group of [...this.#table.all()]) this.#parts.pump.run(group);
  }

  #groupOf(filter: string): ShareGroup | undefined {
    const share = parseSharedFilter(filter);
    return share === undefined ? undefined : this.#table.find(sharedFilterText(share));
  }

  #return(taken: ReadonlyMap<string, readonly QueueOffset[]>): void {
    const { pump, log, stats } = this.#parts;
    for (const [key, offsets] of taken) {
      const group = this.#table.find(key);
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
}

function hasOtherMember(group: ShareGroup | undefined, session: Session): boolean {
  if (group === undefined) return false;
  return group.members.some((one) => one.session !== session && one.session.link !== undefined);
}

function holdsAny({ inflight }: Session, group: ShareGroup): boolean {
  for (const slot of inflight.incomplete()) {
    if (inflight.qos(slot) === 1 && group.isSourceOf(inflight.cursor(slot))) return true;
  }
  return false;
}
