import type { Clock, Timer } from '../../common/clock.ts';
import type { LmqStore } from '../../lmq/spi/lmq-store.ts';
import { StateSpace } from '../../lmq/spi/types.ts';
import type { CommitWaiters } from './commit-waiters.ts';
import type { DeliveryPump, ProgressLog } from './delivery-pump.ts';
import { DeliveryState } from './inflight-window.ts';
import { encodeInflightRecord, type InflightEntries } from './inflight-record.ts';
import type { Session, SessionSubscription } from './session.ts';
import { encodeSessionRecord, type StoredSubscription } from './session-record.ts';

/** Something else whose progress is saved with that of the sessions. */
export interface Progress {
  save(): void;
}

/**
 * Writes sessions into the store's open commit. The in-flight state and the offsets of a session are
 * one consistent picture: every record before an offset is complete or among the entries.
 */
export class SessionLog implements ProgressLog {
  readonly #store: LmqStore;
  readonly #waiters: CommitWaiters;
  readonly #clock: Clock;
  readonly #flushIntervalMs: number;
  readonly #dirty = new Set<Session>();
  readonly #others = new Set<Progress>();
  #pump: DeliveryPump | undefined;
  #timer: Timer | undefined;

  constructor(store: LmqStore, waiters: CommitWaiters, clock: Clock, flushIntervalMs: number) {
    this.#store = store;
    this.#waiters = waiters;
    this.#clock = clock;
    this.#flushIntervalMs = flushIntervalMs;
  }

  /** Sessions with progress that is not saved. */
  get dirtyCount(): number {
    return this.#dirty.size + this.#others.size;
  }

  start(pump: DeliveryPump): void {
    this.#pump = pump;
    this.#timer = this.#clock.every(this.#flushIntervalMs, () => {
      this.flush();
    });
  }

  stop(): void {
    this.#timer?.cancel();
    this.flush();
  }

  changed(session: Session): void {
    if (session.dirty) return;
    session.dirty = true;
    this.#dirty.add(session);
  }

  /** `progress.save` is called with the next flush, unless it is called before. */
  saveLater(progress: Progress): void {
    this.#others.add(progress);
  }

  /** It has been saved, or is not to be. */
  saved(progress: Progress): void {
    this.#others.delete(progress);
  }

  /** Writes the in-flight state and the offsets of a session, if they have changed. */
  saveIfChanged(session: Session): void {
    if (session.dirty) this.#write(session);
  }

  saveNow(session: Session): void {
    const commit = this.#write(session);
    const slot = session.inflight.tail;
    if (!session.exact || slot === session.durableSlot) return;
    this.#waiters.add(commit, {
      onCommit: (_commit, error) => {
        if (error === undefined) this.#pump?.assigned(session, slot);
        else session.link?.storeFailed();
      },
    });
  }

  /**
   * Saves the session itself: its subscriptions and the offsets of their cursors.
   * @param added one that is being made: in the commit of its filter's use, so that a crash leaves both or neither
   */
  saveSession(session: Session, disconnectedAt = 0, added?: StoredSubscription): number {
    this.#write(session);
    const subscriptions = [...session.subscriptions.values()].map(stored);
    if (added !== undefined) subscriptions.push(added);
    const record = encodeSessionRecord({
      clientId: session.clientId,
      createdAt: session.createdAt,
      sessionExpirySeconds: session.expirySeconds,
      disconnectedAt,
      peerOffset: session.peerCursor?.offset ?? 0,
      subscriptions,
    });
    return this.#store.putState(StateSpace.SESSION, session.clientId, record);
  }

  /** Removes every trace of a session that is in memory. The caller releases its filters. */
  erase(session: Session): number {
    this.forget(session);
    for (const cursor of session.cursors())
      this.#store.deleteOffset(session.clientId, cursor.queue);
    this.#store.deleteState(StateSpace.INFLIGHT, session.clientId);
    return this.#store.deleteState(StateSpace.SESSION, session.clientId);
  }

  /** Saves no more of the session's progress. */
  forget(session: Session): void {
    this.#dirty.delete(session);
    session.dirty = false;
  }

  flush(): void {
    for (const session of this.#dirty) this.#write(session);
    for (const progress of [...this.#others]) progress.save();
  }

  #write(session: Session): number {
    this.forget(session);
    for (const cursor of session.cursors()) {
      if (!cursor.dirty) continue;
      cursor.dirty = false;
      this.#store.commitOffset(session.clientId, cursor.queue, cursor.offset);
    }
    session.shared?.saving();
    return this.#store.putState(StateSpace.INFLIGHT, session.clientId, encodeWindow(session));
  }
}

function stored(subscription: SessionSubscription): StoredSubscription {
  const { filter, qos, options, retainHandling, session } = subscription;
  const { noLocal, retainAsPublished, subscriptionId } = options;
  const retainedDue = session.retainedDue?.has(subscription) === true;
  return { filter, qos, noLocal, retainAsPublished, retainHandling, subscriptionId, retainedDue };
}

/** The incomplete entries of the window, by queue name. */
function encodeWindow(session: Session): Buffer {
  const { inflight } = session;
  const queueNames: string[] = [];
  const queueIndex = new Map<string, number>();
  const entries: InflightEntries = {
    packetIds: [],
    states: [],
    qos: [],
    queueIndexes: [],
    offsets: [],
    count: 0,
  };
  for (let slot = inflight.head; slot < inflight.tail; slot++) {
    const state = inflight.state(slot);
    if (state === DeliveryState.DONE) continue;
    const { queue, shareKey } = inflight.cursor(slot);
    const name = shareKey ?? queue.name;
    let index = queueIndex.get(name);
    if (index === undefined) {
      index = queueNames.push(name) - 1;
      queueIndex.set(name, index);
    }
    entries.packetIds.push(inflight.packetId(slot));
    // What is assigned counts as sent: by the time that anyone reads this it may have been.
    entries.states.push(state === DeliveryState.RELEASED ? 2 : 1);
    entries.qos.push(inflight.qos(slot));
    entries.queueIndexes.push(index);
    entries.offsets.push(inflight.offset(slot));
  }
  entries.count = entries.packetIds.length;
  return encodeInflightRecord({
    nextPacketId: inflight.nextPacketId,
    received: session.received,
    queueNames,
    entries,
  });
}
