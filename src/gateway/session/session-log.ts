import type { Clock, Timer } from '../../common/clock.ts';
import type { LmqStore } from '../../lmq/spi/lmq-store.ts';
import { onlyStore, type Stores } from '../../lmq/spi/stores.ts';
import { type CommitNumber, StateSpace } from '../../lmq/spi/types.ts';
import type { CommitWaiters } from './commit-waiters.ts';
import type { DeliveryPump, ProgressLog } from './delivery-pump.ts';
import { LaneLog } from './lane-log.ts';
import { writeReceivedPages } from './received-pages.ts';
import type { Session, SessionSubscription } from './session.ts';
import type { SessionLanes } from './session-lanes.ts';
import { encodeSessionRecord, type StoredSubscription } from './session-record.ts';
import { encodeWindow, retiredLanes } from './window-record.ts';

const NOTHING_DUE: readonly Session[] = [];
/** Time that a round of saving has of one turn, ms. */
export const SAVE_MS: number = 4;
/** Bytes of in-flight records in a round, after which windows of `LARGE_WINDOW` messages and more wait for the next one. */
const ROUND_BYTES: number = 4 * 1024 * 1024;
const LARGE_WINDOW = 512;

/** Something else whose progress is saved with that of the sessions. */
export interface Progress {
  save(): void;
}

/**
 * Writes sessions into the store's open commit. The in-flight state and the offsets of a session are
 * one consistent picture: every record before an offset is complete or among the entries. Of a session in
 * several stores that holds for each of them by itself.
 */
export class SessionLog implements ProgressLog {
  readonly #store: LmqStore;
  /** Has all that there is of sessions without lanes, also while a second store is being added. */
  readonly #first: LmqStore;
  readonly #lanes: LaneLog;
  readonly #waiters: CommitWaiters;
  readonly #clock: Clock;
  readonly #flushIntervalMs: number;
  readonly #roundBytes: number;
  readonly #dirty = new Set<Session>();
  readonly #others = new Set<Progress>();
  #pump: DeliveryPump | undefined;
  #timer: Timer | undefined;
  /** The sessions of the round that is under way, and the first of them that has not been looked at. */
  #due: readonly Session[] = NOTHING_DUE;
  #nextDue = 0;
  /** Bytes of in-flight records that have been written in it. */
  #windowBytes = 0;

  /** @param roundBytes of in-flight records that are written in one interval, and large ones not beyond */
  constructor(
    store: LmqStore,
    waiters: CommitWaiters,
    clock: Clock,
    flushIntervalMs: number,
    stores: Stores = onlyStore(store),
    roundBytes: number = ROUND_BYTES,
  ) {
    this.#roundBytes = roundBytes;
    this.#store = store;
    this.#first = stores.member(0);
    this.#lanes = new LaneLog(stores, waiters, (session, lane, slot) => {
      this.#pump?.assignedIn(session, lane, slot);
    });
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
      this.#saveRound();
    });
  }

  stop(): void {
    this.#timer?.cancel();
    this.#due = NOTHING_DUE;
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
    if (session.dirty) this.#writeProgress(session);
  }

  saveNow(session: Session): void {
    if (session.lanes !== undefined) {
      this.#writeLanes(session, session.lanes);
      return;
    }
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
  saveSession(session: Session, disconnectedAt = 0, added?: StoredSubscription): CommitNumber {
    this.#writeProgress(session);
    return this.#writeSession(session, disconnectedAt, added);
  }

  /**
   * Saves the session itself; resolves when that is durable, in every store that has something of it. The
   * others come before its home: what its record says of them is true.
   */
  async saveDurably(session: Session, disconnectedAt = 0): Promise<void> {
    const { lanes } = session;
    if (lanes === undefined) {
      await this.#store.committed(this.saveSession(session, disconnectedAt));
      return;
    }
    this.#writeLanes(session, lanes);
    await this.#durable(lanes);
    await this.#store.committed(this.#writeSession(session, disconnectedAt));
  }

  async saveProgress(session: Session): Promise<void> {
    const { lanes } = session;
    if (lanes === undefined) {
      await this.#store.committed(this.#write(session));
      return;
    }
    this.#writeLanes(session, lanes);
    await this.#durable(lanes);
  }

  /** Has the session's record say that a lane may have something of it; to be durable before it has. */
  async listLanes(session: Session, lanes: SessionLanes, listed: number): Promise<void> {
    lanes.willList(listed);
    await this.#store.committed(this.#writeSession(session, 0));
    lanes.list(listed);
  }

  /** Everything that has been written of the session is durable when this resolves. */
  async #durable(lanes: SessionLanes): Promise<void> {
    await Promise.all(Array.from(lanes.commits(), (commit) => this.#store.committed(commit)));
  }

  #writeSession(
    session: Session,
    disconnectedAt: number,
    added?: StoredSubscription,
  ): CommitNumber {
    const { lanes } = session;
    const subscriptions = [...session.subscriptions.values()].map(stored);
    if (added !== undefined) subscriptions.push(added);
    const record = encodeSessionRecord({
      clientId: session.clientId,
      createdAt: session.createdAt,
      sessionExpirySeconds: session.expirySeconds,
      disconnectedAt,
      peerOffset: session.peerCursor?.offset ?? 0,
      subscriptions,
      ...(lanes === undefined
        ? {}
        : { lanes: { known: lanes.known, listed: lanes.listing | retiredLanes(session) } }),
    });
    const commit = this.#store.putState(StateSpace.SESSION, session.clientId, record);
    lanes?.wrote(lanes.home, commit);
    return commit;
  }

  /**
   * Removes every trace of a session that is in memory, all of it in the open commits; resolves when it is gone
   * from every store. The caller releases its filters.
   */
  async erase(session: Session): Promise<void> {
    this.forget(session);
    const { clientId, lanes } = session;
    for (const { queue } of session.cursors()) {
      const commit = this.#store.deleteOffset(clientId, queue);
      lanes?.wrote(queue.lane, commit);
    }
    if (lanes === undefined) this.#eraseWindow(session);
    else this.#lanes.erase(session, lanes);
    const commit = this.#store.deleteState(StateSpace.SESSION, clientId);
    lanes?.wrote(lanes.home, commit);
    await (lanes === undefined ? this.#store.committed(commit) : this.#durable(lanes));
  }

  #eraseWindow({ clientId, received }: Session): void {
    const ids = received.in(0);
    ids?.clear();
    if (ids !== undefined) writeReceivedPages(this.#first, clientId, ids);
    this.#first.deleteState(StateSpace.INFLIGHT, clientId);
  }

  /** Saves no more of the session's progress. */
  forget(session: Session): void {
    this.#dirty.delete(session);
    session.dirty = false;
  }

  /** Saves what has changed: in as many turns of the event loop as it takes, so that nobody waits for all of it (ADR 912). */
  #saveRound(): void {
    for (const progress of [...this.#others]) progress.save();
    // The round before is not through: it goes on.
    if (this.#due.length > 0) return;
    this.#due = [...this.#dirty];
    this.#nextDue = 0;
    this.#windowBytes = 0;
    this.#saveSome();
  }

  readonly #saveSome = (): void => {
    const due = this.#due;
    const until = this.#clock.monotonic() + SAVE_MS;
    while (this.#nextDue < due.length) {
      const session = due[this.#nextDue++] as Session;
      // Saved, or ended, since the round has begun; or its turn comes with the next one, in which it is among the first.
      if (!session.dirty || this.#isPutOff(session)) continue;
      this.#writeProgress(session);
      if (this.#clock.monotonic() < until) continue;
      setImmediate(this.#saveSome);
      return;
    }
    this.#due = NOTHING_DUE;
  };

  /** Many entries, each of which may be a run of its own, and enough has been written in this round. */
  #isPutOff({ inflight }: Session): boolean {
    return this.#windowBytes >= this.#roundBytes && inflight.tail - inflight.head >= LARGE_WINDOW;
  }

  flush(): void {
    for (const session of this.#dirty) this.#writeProgress(session);
    for (const progress of [...this.#others]) progress.save();
  }

  #writeProgress(session: Session): void {
    if (session.lanes === undefined) this.#write(session);
    else this.#writeLanes(session, session.lanes);
  }

  #writeLanes(session: Session, lanes: SessionLanes): void {
    this.#writeOffsets(session);
    this.#lanes.write(session, lanes);
  }

  /** The offsets that have changed, and what goes with them. */
  #writeOffsets(session: Session): void {
    this.forget(session);
    const { clientId, lanes } = session;
    for (const cursor of session.cursors()) {
      if (!cursor.dirty) continue;
      cursor.dirty = false;
      const { queue, offset } = cursor;
      const commit = this.#store.commitOffset(clientId, queue, offset);
      lanes?.wrote(queue.lane, commit);
    }
    session.shared?.saving();
  }

  #write(session: Session): CommitNumber {
    this.#writeOffsets(session);
    const received = session.received.in(0);
    if (received !== undefined) writeReceivedPages(this.#first, session.clientId, received);
    const record = encodeWindow(session);
    this.#windowBytes += record.length;
    return this.#first.putState(StateSpace.INFLIGHT, session.clientId, record);
  }
}

function stored(subscription: SessionSubscription): StoredSubscription {
  const { filter, qos, options, retainHandling, session } = subscription;
  const { noLocal, retainAsPublished, subscriptionId } = options;
  const retainedDue = session.retainedDue?.has(subscription) === true;
  return { filter, qos, noLocal, retainAsPublished, retainHandling, subscriptionId, retainedDue };
}
