import type { Lane } from '../../lmq/spi/lane.ts';
import type { LmqStore } from '../../lmq/spi/lmq-store.ts';
import { onlyStore, type Stores } from '../../lmq/spi/stores.ts';
import type { Arrival } from '../../lmq/spi/types.ts';
import type { Clock } from '../../common/clock.ts';
import type { Logger } from '../../common/logger.ts';
import { excluding, including, type OneOrMore } from '../../common/one-or-more.ts';
import type { GatewayStats } from '../gateway-stats.ts';
import type { DeliverHooks } from '../hooks/deliver-hooks.ts';
import type { GatewayLimits } from '../options.ts';
import { CursorState } from './cursor.ts';
import { CursorReads } from './cursor-reads.ts';
import { DeliveryTurns } from './delivery-turns.ts';
import { HeldCursors } from './hold-back.ts';
import { addFirstReady, addReady, clearReady, removeReadyAt } from './ready-cursors.ts';
import { passGaps } from './queue-gaps.ts';
import { type QueueLimit, queueLimitOf } from './queue-limit.ts';
import { isFull, SegmentDelivery } from './segment-delivery.ts';
import type { Session, SessionCursor, SessionLink } from './session.ts';
import { StoreFailures } from './store-failures.ts';
import { WideTurns } from './wide-turns.ts';
import { hasRoom, WindowSender } from './window-sender.ts';

/** What the pump asks of whoever saves sessions. */
export interface ProgressLog {
  /** Offsets or in-flight state have changed in a way that only affects redelivery. */
  changed(session: Session): void;
  /** Writes them into the open commit and calls `pump.assigned` when it is durable. */
  saveNow(session: Session): void;
  /** Writes them; resolves when they are durable in every store. */
  saveProgress(session: Session): Promise<void>;
}

/**
 * Moves records from queues to clients: QoS 1 and 2, in offset order for each subscription. Runs a
 * session when something has changed for it (arrival, acknowledgement, drain, records read) until its
 * cursors are caught up, its window is full or its socket is busy. Nothing here waits or polls.
 */
export class DeliveryPump {
  readonly #store: LmqStore;
  readonly #highWater: number;
  readonly #stats: GatewayStats;
  readonly #failures: StoreFailures;
  readonly #progress: ProgressLog;
  readonly #delivery: SegmentDelivery;
  readonly #sender: WindowSender;
  readonly #reads: CursorReads;
  readonly #held: HeldCursors;
  /** Undefined when any number of messages may wait. */
  readonly #limit: QueueLimit | undefined;
  /** Queue id → cursors that read it. */
  readonly #cursors = new Map<number, OneOrMore<SessionCursor>>();
  readonly #turns: DeliveryTurns;
  readonly #wide: WideTurns;

  constructor(
    store: LmqStore,
    limits: GatewayLimits,
    stats: GatewayStats,
    clock: Clock,
    logger: Logger,
    progress: ProgressLog,
    deliverHooks?: DeliverHooks,
    stores: Stores = onlyStore(store),
  ) {
    this.#store = store;
    this.#failures = new StoreFailures(stores, clock, logger, (session) => {
      this.run(session);
    });
    this.#turns = new DeliveryTurns(clock, (session) => {
      this.run(session);
    });
    this.#wide = new WideTurns(clock, (session) => {
      this.run(session);
    });
    this.#held = new HeldCursors(stores, clock, logger, {
      run: (session) => {
        this.run(session);
      },
      save: (session) => progress.saveProgress(session),
    });
    this.#reads = new CursorReads(store, stats, {
      read: (cursor) => {
        this.#wake(cursor);
        this.runScheduled();
      },
      failed: (cursor, error) => {
        this.#notRead(cursor, error);
      },
    });
    this.#highWater = limits.highWater;
    this.#stats = stats;
    this.#progress = progress;
    this.#delivery = new SegmentDelivery(limits, stats, clock, deliverHooks);
    this.#sender = new WindowSender(store, this.#delivery, limits, stats, (session, error) => {
      if (error === undefined) this.run(session);
      else if (this.#failures.mayPass(error)) this.#failures.retry(session);
      else this.#failures.close(session, error);
    });
    this.#limit = queueLimitOf(store, limits, stats, clock, {
      trimmed: (session, error) => {
        if (error !== undefined) {
          this.#failures.close(session, error);
          return;
        }
        if (session.persistent && session.link !== undefined) this.#progress.changed(session);
        this.run(session);
      },
    });
  }

  /** Begins to deliver to a cursor at its offset; `run` follows. */
  attach(cursor: SessionCursor): void {
    const { id } = cursor.queue;
    this.#cursors.set(id, including(this.#cursors.get(id), cursor));
    this.#limit?.attached(cursor);
    if (cursor.after !== undefined && this.#held.hold(cursor, cursor.after)) return;
    this.#makeReady(cursor);
  }

  /** Stops. The queue stays open: its holder closes it. */
  detach(cursor: SessionCursor): void {
    const { id } = cursor.queue;
    const others = excluding(this.#cursors.get(id), cursor);
    if (others === undefined) this.#cursors.delete(id);
    else this.#cursors.set(id, others);
    const { session, state } = cursor;
    cursor.state = CursorState.CLOSED;
    cursor.onIdle?.();
    if (state === CursorState.RUNNING) removeReadyAt(session, session.ready.indexOf(cursor));
    if (state === CursorState.WAITING) remove(session.waiting, cursor);
    if (state === CursorState.HELD) this.#held.drop(cursor);
    this.#reads.drop(cursor, state === CursorState.PULLING);
  }

  /** Stops for all cursors of a session, which has thousands maybe: they are not looked up one by one in its rounds. */
  detachAll(session: Session): void {
    clearReady(session);
    session.waiting.length = 0;
    for (const cursor of session.cursors()) this.detach(cursor);
  }

  /** From now on the cursor comes before the others of its session whenever it is ready; undefined: none. */
  prefer(session: Session, cursor: SessionCursor | undefined): void {
    if (session.preferred === cursor) return;
    session.preferred = cursor;
    if (cursor?.state !== CursorState.RUNNING) return;
    removeReadyAt(session, session.ready.indexOf(cursor));
    addFirstReady(session, cursor);
  }

  /** Whether anyone reads the queue. */
  reads(queueId: number): boolean {
    return this.#cursors.has(queueId);
  }

  /** New records of one queue: wakes its cursors. `runScheduled` follows. */
  arrived(arrival: Arrival): void {
    const cursors = this.#cursors.get(arrival.queue.id);
    if (cursors === undefined) return;
    if (cursors instanceof Set) {
      this.#limit?.arrived(arrival, cursors);
      for (const cursor of cursors) this.#arrivedFor(cursor);
    } else {
      this.#limit?.arrived(arrival, [cursors]);
      this.#arrivedFor(cursors);
    }
  }

  #arrivedFor(cursor: SessionCursor): void {
    if (cursor.state === CursorState.CAUGHT_UP) {
      this.#wake(cursor);
      return;
    }
    if (cursor.state === CursorState.HELD) this.#held.arrived(cursor);
    // It cannot take more, but may have too many waiting now.
    if (this.#limit !== undefined) this.schedule(cursor.session);
  }

  /** Packet identifiers given out so far are durable: messages that waited for that are sent. */
  assigned(session: Session, slot: number): void {
    if (slot > session.durableSlot) session.durableSlot = slot;
    this.run(session);
  }

  /** The same for those of the messages in one of several stores. */
  assignedIn(session: Session, lane: Lane, slot: number): void {
    session.lanes?.assigned(lane, slot);
    this.run(session);
  }

  schedule(session: Session): void {
    this.#turns.schedule(session);
  }

  /** Runs the sessions that are scheduled; many of them in this turn of the event loop and the next ones. */
  runScheduled(): void {
    this.#turns.run();
  }

  /** Delivers all that can be delivered now. */
  run(session: Session): void {
    const { link } = session;
    if (link === undefined) return;
    if (!this.#sender.send(session, link)) return;
    if (this.#limit?.mayDeliver(session) === false) return;
    const before = session.inflight.tail;
    this.#serve(session, link);
    while (session.held !== undefined && this.#letGo(session)) this.#serve(session, link);
    if (session.inflight.tail !== before) {
      if (session.exact) this.#progress.saveNow(session);
      else if (session.persistent) this.#progress.changed(session);
    }
    if (session.ready.length > 0 && isFull(session)) this.#stats.inflightFull++;
    this.#limit?.check(session);
    session.shared?.roomFreed();
  }

  /** Serves the cursors that are RUNNING in turn; very many of them in several turns of the event loop (ADR 932). */
  #serve(session: Session, link: SessionLink): void {
    if (this.#wide.awaits(session)) return;
    let steps = 0;
    while (session.ready.length > 0 && !isFull(session) && hasRoom(link, this.#highWater)) {
      if (this.#wide.putOff(session, ++steps)) return;
      if (session.nextReady >= session.ready.length) session.nextReady = 0;
      const cursor = session.ready[session.nextReady] as SessionCursor;
      if (!this.#step(cursor, link)) removeReadyAt(session, session.nextReady);
      else if (cursor !== session.preferred) session.nextReady++;
    }
  }

  /** Cursors that need not wait for others any more go on; false when there are none. */
  #letGo(session: Session): boolean {
    const free = this.#held.takeFree(session);
    for (const cursor of free) this.#makeReady(cursor);
    return free.length > 0;
  }

  /** Delivers one batch of a cursor; false when it is not RUNNING any more. */
  #step(cursor: SessionCursor, link: SessionLink): boolean {
    if (cursor.stopAt >= 0) passGaps(cursor);
    const segment = this.#reads.segmentAt(cursor) ?? this.#store.tail(cursor.queue, cursor.offset);
    if (segment !== undefined) {
      this.#delivery.deliver(cursor, segment, link);
      if (cursor.stopAt >= 0) passGaps(cursor);
      return true;
    }
    if (cursor.offset >= cursor.queue.maxOffset) {
      cursor.state = CursorState.CAUGHT_UP;
      cursor.onIdle?.();
      return false;
    }
    this.#reads.wait(cursor);
    return false;
  }

  #wake(cursor: SessionCursor): void {
    this.#makeReady(cursor);
    this.schedule(cursor.session);
  }

  #makeReady(cursor: SessionCursor): void {
    const { session } = cursor;
    cursor.state = CursorState.RUNNING;
    if (session.preferred === cursor) addFirstReady(session, cursor);
    else addReady(session, cursor);
  }

  /** Its records could not be read. */
  #notRead(cursor: SessionCursor, error: unknown): void {
    const { session } = cursor;
    if (!this.#failures.mayPass(error)) {
      // For the connection that takes the session over.
      this.#makeReady(cursor);
      this.#failures.close(session, error);
      return;
    }
    cursor.state = CursorState.CAUGHT_UP;
    this.#reads.admit(session);
    this.#failures.retry(session, () => {
      if (cursor.state === CursorState.CAUGHT_UP) this.#makeReady(cursor);
    });
  }
}

function remove(list: SessionCursor[], cursor: SessionCursor): void {
  const index = list.indexOf(cursor);
  if (index >= 0) list.splice(index, 1);
}
