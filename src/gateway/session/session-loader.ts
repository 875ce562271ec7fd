import { allOf } from '../../common/all-of.ts';
import type { LmqStore } from '../../lmq/spi/lmq-store.ts';
import { type Lane, laneBit } from '../../lmq/spi/lane.ts';
import type { Stores } from '../../lmq/spi/stores.ts';
import { isSharedFilter } from '../../common/topic/shared-filter.ts';
import { openFor } from '../../lmq/spi/open-for.ts';
import { filterQueueName, peerQueueName } from '../../lmq/spi/queue-name.ts';
import type { Queue, QueueOffset } from '../../lmq/spi/types.ts';
import { deliveryOptions } from './delivery-options.ts';
import { Cursor, sharedCursor } from './cursor.ts';
import { holdBack } from './hold-back.ts';
import { InflightWindow } from './inflight-window.ts';
import { openForInLanes, openInLanes } from './lane-queues.ts';
import type { PartClaims } from './part-claims.ts';
import type { SavedWindow } from './saved-window.ts';
import { Session, type SessionSubscription } from './session.ts';
import { lanesFor } from './session-lanes.ts';
import {
  decodeSessionRecord,
  endedUnsaved,
  type SessionRecord,
  type StoredSubscription,
} from './session-record.ts';
import type { SharedSource, SharedSubscriptions } from './shared-subscriptions.ts';
import { type HomeState, StoredWindows } from './stored-windows.ts';
import { addPart, cursorsOf, queuesOf, setCursors, Subscription } from './subscription.ts';

/** Subscriptions whose queues are opened at once. */
const AT_ONCE = 256;

/** Queues of a stored subscription. */
interface OpenedSubscription {
  readonly stored: StoredSubscription;
  readonly groups: readonly SharedSource[];
  readonly queues: readonly [Queue, ...Queue[]];
  /** Of the session in each of them; none for a shared one. */
  readonly offsets: readonly (QueueOffset | undefined)[];
}

/** Builds a session from what the stores have of it. Its queues are open, its cursors not attached. */
export class SessionLoader {
  readonly #store: LmqStore;
  readonly #stores: Stores;
  readonly #shares: SharedSubscriptions;
  readonly #maxInflight: number;
  readonly #parts: PartClaims;
  readonly #windows: StoredWindows;

  constructor(
    store: LmqStore,
    shares: SharedSubscriptions,
    maxInflight: number,
    stores: Stores,
    parts: PartClaims,
  ) {
    this.#store = store;
    this.#stores = stores;
    this.#shares = shares;
    this.#maxInflight = maxInflight;
    this.#parts = parts;
    this.#windows = new StoredWindows(stores, parts);
  }

  /**
   * @param home what the session's home has in flight, if that has been read with `stored`
   * @throws StoreError STORE_CORRUPT when a record cannot be read
   */
  async load(clientId: string, stored: Buffer, home?: HomeState): Promise<Session> {
    const record = decodeSessionRecord(stored, clientId);
    const { window, records } = await this.#windows.read(record, home);
    const firstSlot = window.entries[0]?.slot ?? window.nextSlot;
    const session = new Session(
      clientId,
      true,
      record.createdAt,
      new InflightWindow(this.#maxInflight, firstSlot + 1),
      record.sessionExpirySeconds,
      window.received.lanes === 0 ? undefined : window.received,
    );
    session.lanes = lanesFor(this.#stores, clientId);
    for (const [lane, saved] of records) {
      session.lanes?.found(lane, saved);
      session.lanes?.listAgain(laneBit(lane));
    }
    try {
      await this.#restore(session, record, window);
      if (session.lanes !== undefined) await this.#parts.take(session, lanesNow(session));
    } catch (error) {
      for (const queue of session.queues()) this.#store.closeQueue(queue);
      this.#abandonGroups(session);
      throw error;
    }
    return session;
  }

  #abandonGroups({ clientId, subscriptions }: Session): void {
    for (const subscription of subscriptions.values()) {
      if (!subscription.isShared) continue;
      for (const { lane } of queuesOf(subscription)) {
        this.#shares.abandon(subscription.filter, clientId, lane);
      }
    }
  }

  async #restore(session: Session, record: SessionRecord, window: SavedWindow): Promise<void> {
    const known = record.lanes?.known ?? 1;
    const waiting: Promise<void>[] = [this.#restorePeerQueue(session, record)];
    for (let first = 0; first < record.subscriptions.length; first += AT_ONCE) {
      const some = record.subscriptions.slice(first, first + AT_ONCE);
      waiting.push(this.#restoreSubscriptions(session, some, known));
      await allOf(waiting);
    }
    await allOf(waiting);
    // Offsets may be older than what it received.
    if (endedUnsaved(record)) {
      for (const cursor of session.cursors()) cursor.dupBelow = cursor.queue.maxOffset;
    }
    await this.#windows.restore(session, window);
  }

  async #restorePeerQueue(session: Session, record: SessionRecord): Promise<void> {
    const { clientId } = session;
    const home = this.#stores.member(this.#stores.spread.homeOf(clientId));
    const { queue, offset } = await openFor(home, clientId, peerQueueName(clientId));
    session.peerCursor = new Cursor(session, queue, 2, offset ?? record.peerOffset);
  }

  /** All together: in a cluster each of them is a way to the store and back. */
  async #restoreSubscriptions(
    session: Session,
    stored: readonly StoredSubscription[],
    known: number,
  ): Promise<void> {
    const opened = await Promise.allSettled(stored.map((item) => this.#open(session, item)));
    const failed = opened.find((result) => result.status === 'rejected');
    // Also when one has failed: the session gives back what it has.
    for (const result of opened) {
      if (result.status === 'fulfilled') this.#restoreSubscription(session, result.value, known);
    }
    if (failed !== undefined) throw failed.reason;
  }

  async #open({ clientId }: Session, stored: StoredSubscription): Promise<OpenedSubscription> {
    const { filter } = stored;
    if (!isSharedFilter(filter))
      return { stored, groups: [], ...(await this.#openFor(clientId, filter)) };
    const groups = await this.#shares.acquire(filter, clientId);
    try {
      return { stored, groups, queues: await this.#openQueues(filter, groups), offsets: [] };
    } catch (error) {
      for (const { queue } of groups) this.#shares.abandon(filter, clientId, queue.lane);
      throw error;
    }
  }

  async #openFor(
    consumer: string,
    filter: string,
  ): Promise<Pick<OpenedSubscription, 'queues' | 'offsets'>> {
    const lanes = this.#stores.spread.lanesOfFilter(filter);
    const name = filterQueueName(filter);
    const [first, ...others] = await openForInLanes(this.#stores, consumer, name, lanes);
    return {
      queues: [first.queue, ...others.map(({ queue }) => queue)],
      offsets: [first, ...others].map(({ offset }) => offset),
    };
  }

  /** @param known lanes that the session has taken in */
  #restoreSubscription(
    session: Session,
    { stored, groups, queues: [first, ...others], offsets }: OpenedSubscription,
    known: number,
  ): void {
    const { filter, qos } = stored;
    const options = deliveryOptions(stored);
    const isShared = isSharedFilter(filter);
    const subscription = new Subscription(session, filter, first, qos, options);
    for (const queue of others) addPart(subscription, queue);
    subscription.retainHandling = stored.retainHandling;
    subscription.isShared = isShared;
    session.subscriptions.set(filter, subscription);
    session.filterBytes += Buffer.byteLength(filter);
    if (stored.retainedDue) (session.retainedDue ??= new Map()).set(subscription, 1);
    const [group] = groups;
    if (group !== undefined) {
      setCursors(subscription, (queue) => sharedCursor(session, queue, qos, group.key, options));
    } else if (qos > 0) {
      this.#restoreCursors(subscription, known, offsets);
    }
  }

  #openQueues(
    filter: string,
    groups: readonly SharedSource[],
  ): Promise<readonly [Queue, ...Queue[]]> {
    const [group] = groups;
    const name = group?.queue.name ?? filterQueueName(filter);
    const lanes =
      group === undefined
        ? this.#stores.spread.lanesOfFilter(filter)
        : groups.map(({ queue }) => queue.lane);
    return openInLanes(this.#stores, name, lanes);
  }

  /** All that a store has which was added while the client was away is newer than the subscription. */
  #restoreCursors(
    subscription: SessionSubscription,
    known: number,
    offsets: readonly (QueueOffset | undefined)[],
  ): void {
    const { session, qos, options } = subscription;
    setCursors(subscription, (queue, index) => {
      const begin = queue.lane < known ? queue.nextOffset : queue.minOffset;
      const offset = offsets[index];
      const cursor = new Cursor(session, queue, qos, offset ?? begin, options);
      cursor.dirty = offset === undefined;
      return cursor;
    });
    for (const cursor of cursorsOf(subscription)) {
      holdBack(subscription, cursor, this.#stores.spread);
    }
  }
}

/** A store may have come since it was asked what to read. */
function lanesNow(session: Session): Lane[] {
  return Array.from(session.queues(), ({ lane }) => lane);
}
