import type { LmqStore } from '../../lmq/spi/lmq-store.ts';
import { isSharedFilter, parseSharedFilter } from '../../common/topic/shared-filter.ts';
import { filterQueueName, peerQueueName } from '../../lmq/spi/queue-name.ts';
import { type QueueName, StateSpace } from '../../lmq/spi/types.ts';
import { deliveryOptions } from './delivery-options.ts';
import { Cursor, CursorState, sharedCursor } from './cursor.ts';
import { DeliveryState, InflightWindow } from './inflight-window.ts';
import { decodeInflightRecord, type InflightRecord } from './inflight-record.ts';
import { Session, type SessionCursor } from './session.ts';
import { decodeSessionRecord, endedUnsaved, type SessionRecord } from './session-record.ts';
import type { SharedSubscriptions } from './shared-subscriptions.ts';
import { Subscription } from './subscription.ts';

/** Builds a session from what the store has of it. Its queues are open, its cursors not attached. */
export class SessionLoader {
  readonly #store: LmqStore;
  readonly #shares: SharedSubscriptions;
  readonly #maxInflight: number;

  constructor(store: LmqStore, shares: SharedSubscriptions, maxInflight: number) {
    this.#store = store;
    this.#shares = shares;
    this.#maxInflight = maxInflight;
  }

  /** @throws StoreError STORE_CORRUPT when a record cannot be read */
  async load(clientId: string, stored: Buffer): Promise<Session> {
    const record = decodeSessionRecord(stored, clientId);
    const saved = await this.#store.getState(StateSpace.INFLIGHT, clientId);
    const window = saved === undefined ? undefined : decodeInflightRecord(saved, clientId);
    const session = new Session(
      clientId,
      true,
      record.createdAt,
      new InflightWindow(this.#maxInflight, window === undefined ? 1 : firstPacketId(window)),
      record.sessionExpirySeconds,
      new Set(window?.received),
    );
    try {
      await this.#restore(session, record, window);
    } catch (error) {
      for (const queue of session.queues()) this.#store.closeQueue(queue);
      throw error;
    }
    return session;
  }

  async #restore(
    session: Session,
    record: SessionRecord,
    window: InflightRecord | undefined,
  ): Promise<void> {
    const { clientId } = session;
    const cursors = new Map<string, SessionCursor>();
    for (const stored of record.subscriptions) {
      const { filter, qos } = stored;
      const options = deliveryOptions(stored);
      const isShared = isSharedFilter(filter);
      const group = isShared ? await this.#shares.acquire(filter, clientId, true) : undefined;
      const queue = await this.#store.openQueue(group?.queue.name ?? filterQueueName(filter));
      const subscription = new Subscription(session, filter, queue, qos, options);
      subscription.retainHandling = stored.retainHandling;
      subscription.isShared = isShared;
      session.subscriptions.set(filter, subscription);
      session.filterBytes += Buffer.byteLength(filter);
      if (stored.retainedDue) (session.retainedDue ??= new Map()).set(subscription, 0);
      if (group !== undefined) {
        subscription.cursor = sharedCursor(session, queue, qos, group.key, options);
        cursors.set(group.key, subscription.cursor);
        continue;
      }
      if (qos === 0) continue;
      const offset = await this.#store.loadOffset(clientId, queue);
      subscription.cursor = new Cursor(session, queue, qos, offset ?? queue.nextOffset, options);
      cursors.set(queue.name, subscription.cursor);
    }
    const peerQueue = await this.#store.openQueue(peerQueueName(clientId));
    const peerCursor = new Cursor(session, peerQueue, 2, record.peerOffset);
    session.peerCursor = peerCursor;
    peerCursor.offset = (await this.#store.loadOffset(clientId, peerQueue)) ?? record.peerOffset;
    cursors.set(peerQueue.name, peerCursor);
    if (endedUnsaved(record)) {
      // Offsets may be older than what it received.
      for (const cursor of cursors.values()) cursor.dupBelow = cursor.queue.maxOffset;
    }
    if (window !== undefined) await this.#restoreWindow(session, window, cursors);
  }

  /** Puts the messages in flight back, under the packet identifiers that the client knows. */
  async #restoreWindow(
    session: Session,
    { entries, queueNames, nextPacketId }: InflightRecord,
    cursors: Map<string, SessionCursor>,
  ): Promise<void> {
    const { inflight } = session;
    for (let i = 0; i < entries.count; i++) {
      while (inflight.nextPacketId !== entries.packetIds[i]) inflight.skip();
      const name = queueNames[entries.queueIndexes[i] as number] as string;
      let cursor = cursors.get(name);
      if (cursor === undefined) {
        // Unsubscribed while in flight: the delivery is completed all the same.
        const share = parseSharedFilter(name);
        const queueName = share === undefined ? (name as QueueName) : filterQueueName(share.filter);
        const queue = await this.#store.openQueue(queueName);
        cursor =
          share === undefined
            ? new Cursor(session, queue, 2, 0)
            : sharedCursor(session, queue, 2, name);
        cursor.state = CursorState.CLOSED;
        session.retired.push(cursor);
        cursors.set(name, cursor);
      }
      const state = entries.states[i] === 2 ? DeliveryState.RELEASED : DeliveryState.SENT;
      inflight.add(
        cursor,
        entries.offsets[i] as number,
        entries.qos[i] as number,
        state,
        undefined,
      );
    }
    while (inflight.nextPacketId !== nextPacketId) inflight.skip();
    session.sendSlot = inflight.head;
    session.durableSlot = inflight.tail;
  }
}

function firstPacketId(window: InflightRecord): number {
  return window.entries.count > 0 ? (window.entries.packetIds[0] as number) : window.nextPacketId;
}
