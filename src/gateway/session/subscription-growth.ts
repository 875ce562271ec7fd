import { topicFilterOf } from '../../common/topic/shared-filter.ts';
import type { Lane } from '../../lmq/spi/lane.ts';
import type { Stores } from '../../lmq/spi/stores.ts';
import type { Queue } from '../../lmq/spi/types.ts';
import type { LiveSubscriptions } from '../routing/live-subscriptions.ts';
import type { TopicMetadata } from '../routing/topic-metadata.ts';
import { Cursor, sharedCursor } from './cursor.ts';
import type { DeliveryPump } from './delivery-pump.ts';
import { holdBack } from './hold-back.ts';
import type { KeyedSerialQueue } from './keyed-serial-queue.ts';
import type { PartClaims } from './part-claims.ts';
import type { Session, SessionSubscription } from './session.ts';
import { lanesFor } from './session-lanes.ts';
import type { SessionLog } from './session-log.ts';
import type { SessionTable } from './session-table.ts';
import type { SharedSubscriptions } from './shared-subscriptions.ts';
import { addPart, queuesOf } from './subscription.ts';

/** Sessions at a time that a store which is being added is asked for. */
const ADDED_AT_ONCE = 64;

export interface SubscriptionGrowthParts {
  readonly stores: Stores;
  readonly metadata: TopicMetadata;
  readonly live: LiveSubscriptions;
  readonly pump: DeliveryPump;
  readonly log: SessionLog;
  readonly shares: SharedSubscriptions;
  readonly table: SessionTable;
  readonly parts: PartClaims;
  /** What is done with sessions, by client id. */
  readonly serial: KeyedSerialQueue;
}

/** Has subscriptions heard from a store that is added while they are there (docs/adr/0501). */
export class SubscriptionGrowth {
  readonly #parts: SubscriptionGrowthParts;

  constructor(parts: SubscriptionGrowthParts) {
    this.#parts = parts;
  }

  /**
   * A store is being added: when this resolves, everything that sessions in memory subscribe is heard from it.
   * @throws StoreError when it cannot be reached; to be tried again then
   */
  async addLane(lane: Lane): Promise<void> {
    const { table, serial } = this.#parts;
    const clientIds = [...new Set([...table.clientIds(), ...serial.keys()])];
    for (let first = 0; first < clientIds.length; first += ADDED_AT_ONCE) {
      await Promise.all(
        clientIds.slice(first, first + ADDED_AT_ONCE).map((clientId) =>
          serial.run(clientId, async () => {
            const session = table.get(clientId);
            if (session !== undefined) await this.#addLaneTo(session, lane);
          }),
        ),
      );
    }
  }

  /** All of a session; durable when this resolves. To be called while the session stays in memory. */
  async #addLaneTo(session: Session, lane: Lane): Promise<void> {
    const { stores, log } = this.#parts;
    if (session.persistent && session.lanes === undefined) {
      session.lanes = lanesFor(stores, session.clientId);
      // Whether the first store has an in-flight record of this session is not known here.
      session.lanes?.found(0, undefined);
      if (session.lanes !== undefined) session.lanes.known = 1;
    }
    for (const subscription of [...session.subscriptions.values()]) {
      await this.#addTo(subscription, lane);
    }
    const { lanes } = session;
    if (lanes === undefined) return;
    await log.saveDurably(session);
    // Its record says so only now: the offsets that it relies on are durable.
    lanes.known = Math.max(lanes.known, lane + 1);
    await log.saveDurably(session);
  }

  /** One that has been made while stores were added: takes in those that it has missed. */
  async complete(subscription: SessionSubscription): Promise<void> {
    for (const lane of this.#lanesOf(subscription)) await this.#addTo(subscription, lane);
  }

  /** Whether `complete` has something to do. */
  isComplete(subscription: SessionSubscription): boolean {
    return this.#lanesOf(subscription).length === 1 + (subscription.others?.length ?? 0);
  }

  async #addTo(subscription: SessionSubscription, lane: Lane): Promise<void> {
    if (!this.#needs(subscription, lane)) return;
    const { stores, pump, live, shares, parts } = this.#parts;
    await parts.take(subscription.session, [lane]);
    const queue = await this.#acquire(subscription, lane);
    if (!this.#needs(subscription, lane)) {
      stores.member(lane).closeQueue(queue);
      this.#release(subscription, lane);
      return;
    }
    const { session, qos, options, cursor } = subscription;
    const part = addPart(subscription, queue);
    if (cursor?.shareKey !== undefined) {
      part.cursor = sharedCursor(session, queue, qos, cursor.shareKey, options);
      shares.join(subscription, lane);
      return;
    }
    live.addQueue(subscription, queue);
    if (cursor === undefined) return;
    part.cursor = new Cursor(session, queue, qos, queue.nextOffset, options);
    part.cursor.dirty = true;
    holdBack(subscription, part.cursor, stores.spread);
    pump.attach(part.cursor);
  }

  async #acquire({ session, filter, isShared }: SessionSubscription, lane: Lane): Promise<Queue> {
    const { stores, metadata, shares } = this.#parts;
    const { clientId, persistent } = session;
    if (!isShared) return metadata.acquireAt(filter, persistent, lane);
    const group = await shares.acquireAt(filter, clientId, lane);
    try {
      return await stores.member(lane).openQueue(group.queue.name);
    } catch (error) {
      shares.abandon(filter, clientId, lane);
      throw error;
    }
  }

  /** False when it has gone, or has been heard from the store since. */
  #needs(subscription: SessionSubscription, lane: Lane): boolean {
    const { session, filter } = subscription;
    if (!this.#parts.table.has(session)) return false;
    if (session.subscriptions.get(filter) !== subscription) return false;
    if (queuesOf(subscription).some((queue) => queue.lane === lane)) return false;
    return this.#lanesOf(subscription).includes(lane);
  }

  /** A session that has left memory, and is stored, keeps its use. */
  #release({ session, filter, isShared }: SessionSubscription, lane: Lane): void {
    const { metadata, shares, table } = this.#parts;
    if (isShared) shares.abandon(filter, session.clientId, lane);
    else if (!session.persistent || table.has(session)) {
      metadata.releaseAt(filter, session.persistent, lane);
    }
  }

  #lanesOf({ filter }: SessionSubscription): readonly Lane[] {
    return this.#parts.stores.spread.lanesOfFilter(topicFilterOf(filter));
  }
}
