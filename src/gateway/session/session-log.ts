import type { Clock } from '../../common/clock.ts';
import type { LmqStore } from '../../lmq/spi/lmq-store.ts';
import { onlyStore, type Stores } from '../../lmq/spi/stores.ts';
import { type CommitNumber, StateSpace } from '../../lmq/spi/types.ts';
import type { CommitWaiters } from './commit-waiters.ts';
import type { DeliveryPump, ProgressLog } from './delivery-pump.ts';
import { LaneLog } from './lane-log.ts';
import { writeReceivedPages } from './received-pages.ts';
import { type Progress, ROUND_BYTES, SaveRounds } from './save-rounds.ts';
import type { Session, SessionSubscription } from './session.ts';
import type { SessionLanes } from './session-lanes.ts';
import { encodeSessionRecord, type StoredSubscription } from './session-record.ts';
import { encodeWindow, retiredLanes } from './window-record.ts';

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
  readonly #rounds: SaveRounds;
  #pump: DeliveryPump | undefined;

  /** @param roundBytes of in-flight records that are written in one interval, and large ones not beyond */
  constructor(
    store: LmqStore,
    waiters: CommitWaiters,
    clock: Clock,
    flushIntervalMs: number,
    stores: Stores = onlyStore(store),
    roundBytes: number = ROUND_BYTES,
  ) {
    this.#store = store;
    this.#first = stores.member(0);
    this.#lanes = new LaneLog(stores, waiters, (session, lane, slot) => {
      this.#pump?.assignedIn(session, lane, slot);
    });
    this.#waiters = waiters;
    this.#rounds = new SaveRounds(clock, flushIntervalMs, roundBytes, (session) => {
      this.#writeProgress(session);
    });
  }

  /** Sessions with progress that is not saved. */
  get dirtyCount(): number {
    return this.#rounds.size;
  }

  start(pump: DeliveryPump): void {
    this.#pump = pump;
    this.#rounds.start();
  }

  stop(): void {
    this.#rounds.stop();
  }

  changed(session: Session): void {
    this.#rounds.add(session);
  }

  /** `progress.save` is called with the next flush, unless it is called before. */
  saveLater(progress: Progress): void {
    this.#rounds.addOther(progress);
  }

  /** It has been saved, or is not to be. */
  saved(progress: Progress): void {
    this.#rounds.forgetOther(progress);
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
    this.#rounds.forget(session);
  }

  flush(): void {
    this.#rounds.flush();
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
    this.#rounds.wroteWindow(record.length);
    return this.#first.putState(StateSpace.INFLIGHT, session.clientId, record);
  }
}

function stored(subscription: SessionSubscription): StoredSubscription {
  const { filter, qos, options, retainHandling, session } = subscription;
  const { noLocal, retainAsPublished, subscriptionId } = options;
  const retainedDue = session.retainedDue?.has(subscription) === true;
  return { filter, qos, noLocal, retainAsPublished, retainHandling, subscriptionId, retainedDue };
}
