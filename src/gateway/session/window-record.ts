import { laneBit } from '../../lmq/spi/lane.ts';
import { DeliveryState } from './inflight-window.ts';
import { encodeInflightRecord, type InflightEntries, noEntries } from './inflight-record.ts';
import type { Session } from './session.ts';

const NO_IDS: ReadonlySet<number> = new Set<number>();

/** The in-flight record of a session that is in one store. */
export function encodeWindow(session: Session): Buffer {
  const { inflight, received } = session;
  const draft = new RecordDraft();
  for (let slot = inflight.head; slot < inflight.tail; slot++) draft.add(session, slot);
  return encodeInflightRecord({
    nextPacketId: inflight.nextPacketId,
    received,
    queueNames: draft.queueNames,
    entries: draft.entries,
  });
}

/**
 * The in-flight records of a session that is in several stores, by lane: each has the messages of its queues
 * and the identifiers of publishes to its topics. A lane with nothing has no record.
 */
export function encodeWindows(session: Session): (Buffer | undefined)[] {
  const { inflight, received, createdAt } = session;
  const drafts: (RecordDraft | undefined)[] = [];
  const unreleased: (Set<number> | undefined)[] = [];
  for (let slot = inflight.head; slot < inflight.tail; slot++) {
    if (inflight.state(slot) === DeliveryState.DONE) continue;
    const { lane } = inflight.cursor(slot).queue;
    (drafts[lane] ??= new RecordDraft()).add(session, slot);
  }
  for (const [packetId, lane] of received) {
    drafts[lane] ??= new RecordDraft();
    (unreleased[lane] ??= new Set()).add(packetId);
  }
  const { nextPacketId } = inflight;
  const place = { sessionCreatedAt: createdAt, nextSlot: inflight.tail };
  return Array.from(drafts, (draft, lane) => {
    if (draft === undefined) return undefined;
    const { queueNames, entries } = draft;
    const ids = unreleased[lane] ?? NO_IDS;
    return encodeInflightRecord({ nextPacketId, received: ids, queueNames, entries, place });
  });
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
  readonly entries: InflightEntries = noEntries();
  readonly #queueIndex = new Map<string, number>();

  add({ inflight }: Session, slot: number): void {
    const state = inflight.state(slot);
    if (state === DeliveryState.DONE) return;
    const { queue, shareKey } = inflight.cursor(slot);
    const name = shareKey ?? queue.name;
    let index = this.#queueIndex.get(name);
    if (index === undefined) {
      index = this.queueNames.push(name) - 1;
      this.#queueIndex.set(name, index);
    }
    const { entries } = this;
    entries.packetIds.push(inflight.packetId(slot));
    // What is assigned counts as sent: by the time that anyone reads this it may have been.
    entries.states.push(state === DeliveryState.RELEASED ? 2 : 1);
    entries.qos.push(inflight.qos(slot));
    entries.queueIndexes.push(index);
    entries.offsets.push(inflight.offset(slot));
    entries.count++;
  }
}
