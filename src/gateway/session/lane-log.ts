import type { Lane } from '../../lmq/spi/lane.ts';
import type { Stores } from '../../lmq/spi/stores.ts';
import { StateSpace } from '../../lmq/spi/types.ts';
import type { CommitWaiters } from './commit-waiters.ts';
import { sayTheSame } from './inflight-record.ts';
import { writeReceivedPages } from './received-pages.ts';
import type { Session } from './session.ts';
import type { SessionLanes } from './session-lanes.ts';
import { encodeWindows } from './window-record.ts';

/**
 * Writes the in-flight state of sessions that are in several stores: into each what belongs to it, and only
 * if that has changed.
 */
export class LaneLog {
  readonly #stores: Stores;
  readonly #waiters: CommitWaiters;
  readonly #assigned: (session: Session, lane: Lane, slot: number) => void;

  /** @param assigned told when what a lane has of an exact session's window is durable up to a slot */
  constructor(
    stores: Stores,
    waiters: CommitWaiters,
    assigned: (session: Session, lane: Lane, slot: number) => void,
  ) {
    this.#stores = stores;
    this.#waiters = waiters;
    this.#assigned = assigned;
  }

  write(session: Session, lanes: SessionLanes): void {
    this.#writePages(session, lanes);
    const records = encodeWindows(session);
    const count = Math.max(records.length, lanes.count);
    for (let lane = 0; lane < count; lane++) {
      const record = records[lane];
      const before = lanes.recordOf(lane);
      const isSame = record === undefined ? before === undefined : isSameAs(before, record);
      if (!isSame || lanes.isTouched(lane)) this.#writeRecord(session, lanes, lane, record);
    }
    lanes.untouch();
  }

  /** Removes what there is of a session that has ended. */
  erase(session: Session, lanes: SessionLanes): void {
    const { received } = session;
    for (let lane = 0; lane < received.lanes; lane++) received.in(lane)?.clear();
    this.#writePages(session, lanes);
    for (let lane = 0; lane < lanes.count; lane++) {
      if (lanes.recordOf(lane) !== undefined) this.#writeRecord(session, lanes, lane, undefined);
    }
  }

  #writePages({ clientId, received }: Session, lanes: SessionLanes): void {
    for (let lane = 0; lane < received.lanes; lane++) {
      const ids = received.in(lane);
      if (ids === undefined) continue;
      const commit = writeReceivedPages(this.#stores.member(lane), clientId, ids);
      if (commit !== undefined) lanes.wrote(lane, commit);
    }
  }

  #writeRecord(
    session: Session,
    lanes: SessionLanes,
    lane: Lane,
    record: Buffer | undefined,
  ): void {
    const { clientId, exact } = session;
    const store = this.#stores.member(lane);
    const commit =
      record === undefined
        ? store.deleteState(StateSpace.INFLIGHT, clientId)
        : store.putState(StateSpace.INFLIGHT, clientId, record);
    lanes.recorded(lane, record, commit);
    if (!exact) return;
    const slot = session.inflight.tail;
    this.#waiters.add(commit, {
      onCommit: (_commit, error) => {
        if (error === undefined) this.#assigned(session, lane, slot);
        else session.link?.storeFailed();
      },
    });
  }
}

function isSameAs(before: Buffer | undefined, record: Buffer): boolean {
  return before !== undefined && sayTheSame(before, record);
}
