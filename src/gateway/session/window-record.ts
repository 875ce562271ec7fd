import { type Lane, laneBit } from '../../lmq/spi/lane.ts';
import { DeliveryState, type InflightWindow } from './inflight-window.ts';
import { encodeInflightRuns } from './inflight-record.ts';
import { InflightRuns, kindOf } from './inflight-runs.ts';
import type { Session, SessionCursor } from './session.ts';

/** One for each lane, for all records: encoding one begins and ends in one call. */
const drafts: RecordDraft[] = [];

/** The in-flight record of a session that is in one store. Its pages of received identifiers have been written. */
export function encodeWindow(session: Session): Buffer {
  const { inflight, received } = session;
  const draft = draftOf(0);
  for (let slot = inflight.head; slot < inflight.tail;) {
    const end = inflight.endOfRun(slot);
    if (inflight.state(slot) !== DeliveryState.DONE) draft.add(inflight, slot, end);
    slot = end;
  }
  const { queueNames, runs } = draft;
  const { nextPacketId } = inflight;
  const ids = received.in(0);
  const record = encodeInflightRuns({ nextPacketId, received: ids, queueNames, runs });
  draft.clear();
  return record;
}

/**
 * The in-flight records of a session that is in several stores, by lane: each has the messages of its queues
 * and the identifiers of publishes to its topics. A lane with nothing has no record.
 */
export function encodeWindows(session: Session): (Buffer | undefined)[] {
  const { inflight, received, createdAt } = session;
  const used: (RecordDraft | undefined)[] = [];
  for (let slot = inflight.head; slot < inflight.tail;) {
    const end = inflight.endOfRun(slot);
    if (inflight.state(slot) !== DeliveryState.DONE) {
      const { lane } = inflight.cursor(slot).queue;
      (used[lane] ??= draftOf(lane)).add(inflight, slot, end);
    }
    slot = end;
  }
  for (let lane = 0; lane < received.lanes; lane++) {
    if ((received.in(lane)?.size ?? 0) > 0) used[lane] ??= draftOf(lane);
  }
  const { nextPacketId } = inflight;
  const place = { sessionCreatedAt: createdAt, nextSlot: inflight.tail };
  return Array.from(used, (draft, lane) => {
    if (draft === undefined) return undefined;
    const { queueNames, runs } = draft;
    const ids = received.in(lane);
    const record = encodeInflightRuns({ nextPacketId, received: ids, queueNames, runs, place });
    draft.clear();
    return record;
  });
}

function draftOf(lane: Lane): RecordDraft {
  const draft = (drafts[lane] ??= new RecordDraft());
  // An error may have left something in it.
  draft.clear();
  return draft;
}

/** The lanes of messages whose subscription has gone, as bits. */
export function retiredLanes(session: Session): number {
  let lanes = 0;
  for (const { queue } of session.retired) lanes |= laneBit(queue.lane);
  return lanes;
}

/** The incomplete entries of a window, by queue name, as far as they have been added. */
class RecordDraft {
  readonly queueNames: string[] = [];
  readonly runs: InflightRuns = new InflightRuns();
  #cursor: SessionCursor | undefined;
  #index = 0;
  /** Empty as long as there is one queue. */
  readonly #indexes = new Map<string, number>();

  /** Adds the run of entries from `slot` to `end`. */
  add(inflight: InflightWindow<SessionCursor>, slot: number, end: number): void {
    const cursor = inflight.cursor(slot);
    if (cursor !== this.#cursor) {
      this.#index = this.#indexOf(cursor.shareKey ?? cursor.queue.name);
      this.#cursor = cursor;
    }
    // A message with a packet identifier is saved as sent: by the time that this record is read, it may have been.
    const state = inflight.state(slot) === DeliveryState.RELEASED ? 2 : 1;
    const kind = kindOf(state, inflight.qos(slot));
    const { runs } = this;
    runs.add(inflight.packetId(slot), kind, this.#index, inflight.offset(slot), end - slot);
  }

  /** For the next record: nothing of this session is kept. */
  clear(): void {
    this.queueNames.length = 0;
    this.runs.clear();
    this.#cursor = undefined;
    if (this.#indexes.size > 0) this.#indexes.clear();
  }

  #indexOf(name: string): number {
    const { queueNames } = this;
    const indexes = this.#indexes;
    const [first] = queueNames;
    if (first === undefined) return queueNames.push(name) - 1;
    if (indexes.size === 0) indexes.set(first, 0);
    let index = indexes.get(name);
    if (index === undefined) {
      index = queueNames.push(name) - 1;
      indexes.set(name, index);
    }
    return index;
  }
}
