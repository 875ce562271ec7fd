import type { LmqStore } from '../../lmq/spi/lmq-store.ts';
import { type Lane, laneBit } from '../../lmq/spi/lane.ts';
import { onlyStore, type Stores } from '../../lmq/spi/stores.ts';
import {
  isSharedFilter,
  parseSharedFilter,
  topicFilterOf,
} from '../../common/topic/shared-filter.ts';
import { filterQueueName, peerQueueName } from '../../lmq/spi/queue-name.ts';
import { type Queue, type QueueName, StateSpace } from '../../lmq/spi/types.ts';
import { deliveryOptions } from './delivery-options.ts';
import { Cursor, CursorState, sharedCursor } from './cursor.ts';
import { holdBack } from './hold-back.ts';
import { DeliveryState, InflightWindow } from './inflight-window.ts';
import { decodeInflightRecord } from './inflight-record.ts';
import { openInLanes } from './lane-queues.ts';
import { joinWindows, type SavedPart, type SavedWindow } from './saved-window.ts';
import { Session, type SessionCursor, type SessionSubscription } from './session.ts';
import { lanesFor } from './session-lanes.ts';
import {
  decodeSessionRecord,
  endedUnsaved,
  type SessionRecord,
  type StoredSubscription,
} from './session-record.ts';
import type { SharedSource, SharedSubscriptions } from './shared-subscriptions.ts';
import { addPart, cursorsOf, queuesOf, setCursors, Subscription } from './subscription.ts';

/** What the stores have in flight of a session. */
interface SavedState {
  readonly window: SavedWindow;
  /** By lane; those without are not in it. */
  readonly records: ReadonlyMap<Lane, Buffer>;
}

/** Builds a session from what the stores have of it. Its queues are open, its cursors not attached. */
export class SessionLoader {
  readonly #store: LmqStore;
  readonly #stores: Stores;
  readonly #shares: SharedSubscriptions;
  readonly #maxInflight: number;

  constructor(
    store: LmqStore,
    shares: SharedSubscriptions,
    maxInflight: number,
    stores: Stores = onlyStore(store),
  ) {
    this.#store = store;
    this.#stores = stores;
    this.#shares = shares;
    this.#maxInflight = maxInflight;
  }

  /** @throws StoreError STORE_CORRUPT when a record cannot be read */
  async load(clientId: string, stored: Buffer): Promise<Session> {
    const record = decodeSessionRecord(stored, clientId);
    const { window, records } = await this.#readWindow(record);
    const firstSlot = window.entries[0]?.slot ?? window.nextSlot;
    const session = new Session(
      clientId,
      true,
      record.createdAt,
      new InflightWindow(this.#maxInflight, firstSlot + 1),
      record.sessionExpirySeconds,
    );
    for (const [packetId, lane] of window.received) session.hasReceived(packetId, lane);
    session.lanes = lanesFor(this.#stores, clientId);
    for (const [lane, saved] of records) {
      session.lanes?.found(lane, saved);
      session.lanes?.listAgain(laneBit(lane));
    }
    try {
      await this.#restore(session, record, window);
    } catch (error) {
      for (const queue of session.queues()) this.#store.closeQueue(queue);
      throw error;
    }
    return session;
  }

  /** Reads the in-flight records of the session's home, of where it subscribes, and of what its record names. */
  async #readWindow(record: SessionRecord): Promise<SavedState> {
    const { clientId, createdAt } = record;
    const lanes = this.#lanesOf(record);
    const values = await Promise.all(
      lanes.map((lane) => this.#stores.member(lane).getState(StateSpace.INFLIGHT, clientId)),
    );
    const parts: SavedPart[] = [];
    const records = new Map<Lane, Buffer>();
    for (const [i, value] of values.entries()) {
      if (value === undefined) continue;
      const lane = lanes[i] as Lane;
      records.set(lane, value);
      const part = decodeInflightRecord(value, clientId);
      // What was left of an earlier session of the client.
      if (part.place !== undefined && part.place.sessionCreatedAt !== createdAt) continue;
      parts.push({ lane, record: part });
    }
    return { window: joinWindows(parts), records };
  }

  #lanesOf({ clientId, subscriptions, lanes: stored }: SessionRecord): readonly Lane[] {
    const { spread } = this.#stores;
    if (spread.lanes === 1) return [0];
    const lanes = new Set<Lane>([spread.homeOf(clientId)]);
    for (const { filter } of subscriptions) {
      for (const lane of spread.lanesOfFilter(topicFilterOf(filter))) lanes.add(lane);
    }
    const listed = stored?.listed ?? 0;
    for (let lane = 0; lane < spread.lanes; lane++) {
      if ((listed & laneBit(lane)) !== 0) lanes.add(lane);
    }
    return [...lanes];
  }

  async #restore(session: Session, record: SessionRecord, window: SavedWindow): Promise<void> {
    const { clientId } = session;
    const known = record.lanes?.known ?? 1;
    for (const stored of record.subscriptions) {
      await this.#restoreSubscription(session, stored, known);
    }
    const peerQueue = await this.#store.openQueue(peerQueueName(clientId));
    const peerCursor = new Cursor(session, peerQueue, 2, record.peerOffset);
    session.peerCursor = peerCursor;
    peerCursor.offset = (await this.#store.loadOffset(clientId, peerQueue)) ?? record.peerOffset;
    const cursors: CursorTable = [];
    for (const cursor of session.cursors()) {
      know(cursors, cursor);
      // Offsets may be older than what it received.
      if (endedUnsaved(record)) cursor.dupBelow = cursor.queue.maxOffset;
    }
    await this.#restoreWindow(session, window, cursors);
  }

  async #restoreSubscription(
    session: Session,
    stored: StoredSubscription,
    known: number,
  ): Promise<void> {
    const { clientId } = session;
    const { filter, qos } = stored;
    const options = deliveryOptions(stored);
    const isShared = isSharedFilter(filter);
    const groups = isShared ? await this.#shares.acquire(filter, clientId, true) : [];
    const [first, ...others] = await this.#openQueues(filter, groups);
    const subscription = new Subscription(session, filter, first, qos, options);
    for (const queue of others) addPart(subscription, queue);
    subscription.retainHandling = stored.retainHandling;
    subscription.isShared = isShared;
    session.subscriptions.set(filter, subscription);
    session.filterBytes += Buffer.byteLength(filter);
    if (stored.retainedDue) (session.retainedDue ??= new Map()).set(subscription, 0);
    const [group] = groups;
    if (group !== undefined) {
      setCursors(subscription, (queue) => sharedCursor(session, queue, qos, group.key, options));
    } else if (qos > 0) {
      await this.#restoreCursors(subscription, known);
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
  async #restoreCursors(subscription: SessionSubscription, known: number): Promise<void> {
    const { session, qos, options } = subscription;
    const offsets = await Promise.all(
      queuesOf(subscription).map((queue) => this.#store.loadOffset(session.clientId, queue)),
    );
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

  /** Puts the messages in flight back, under the packet identifiers that the client knows. */
  async #restoreWindow(
    session: Session,
    { entries, nextSlot }: SavedWindow,
    cursors: CursorTable,
  ): Promise<void> {
    const { inflight } = session;
    for (const { slot, lane, queueName, offset, qos, state } of entries) {
      while (inflight.tail < slot) inflight.skip();
      const known = cursors[lane]?.get(queueName);
      const cursor = known ?? (await this.#retiredCursor(session, lane, queueName));
      if (known === undefined) know(cursors, cursor);
      const saved = state === 2 ? DeliveryState.RELEASED : DeliveryState.SENT;
      inflight.add(cursor, offset, qos, saved, undefined);
    }
    while (inflight.tail < nextSlot) inflight.skip();
    session.sendSlot = inflight.head;
    session.durableSlot = inflight.tail;
  }

  /** Unsubscribed while in flight: the delivery is completed all the same. */
  async #retiredCursor(session: Session, lane: Lane, name: string): Promise<SessionCursor> {
    const share = parseSharedFilter(name);
    const queueName = share === undefined ? (name as QueueName) : filterQueueName(share.filter);
    const queue = await this.#stores.member(lane).openQueue(queueName);
    const cursor =
      share === undefined
        ? new Cursor(session, queue, 2, 0)
        : sharedCursor(session, queue, 2, name);
    cursor.state = CursorState.CLOSED;
    session.retired.push(cursor);
    return cursor;
  }
}

/** Cursors by lane and by the name that in-flight records know them by. */
type CursorTable = Map<string, SessionCursor>[];

function know(cursors: CursorTable, cursor: SessionCursor): void {
  const { queue, shareKey } = cursor;
  (cursors[queue.lane] ??= new Map()).set(shareKey ?? queue.name, cursor);
}
