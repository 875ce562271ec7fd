import type { Lane } from '../../lmq/spi/lane.ts';
import type { QueueOffset } from '../../lmq/spi/types.ts';
import { PACKET_IDS } from './inflight-entries.ts';
import type { InflightRecord } from './inflight-record.ts';
import { nextSlot, slotsOf } from './record-slots.ts';
import { ReceivedIds } from './received-ids.ts';
import type { ReceivedSet } from './received-set.ts';

/** The in-flight record that one store has of a session. */
export interface SavedPart {
  readonly lane: Lane;
  readonly record: InflightRecord;
  /** What its pages have, when the received identifiers are there. */
  readonly received?: ReceivedSet;
}

/** A delivery that was not complete when it was saved. */
export interface SavedEntry {
  readonly lane: Lane;
  /** Slot of its packet identifier. */
  readonly slot: number;
  /** As in the record: 1 = PUBLISH sent, 2 = PUBREC received. */
  readonly state: number;
  readonly qos: number;
  readonly queueName: string;
  readonly offset: QueueOffset;
}

/** The window of a session as its stores have it. */
export interface SavedWindow {
  /** In the order in which they were sent. */
  readonly entries: readonly SavedEntry[];
  /** Slot where the packet identifiers go on. */
  readonly nextSlot: number;
  /** Packet identifiers of QoS 2 publishes received and not released, and the store of their topic. */
  readonly received: ReceivedIds;
}

/**
 * Puts the records of several stores together, which were written at different moments: each is right about
 * the messages of its own queues as of its own commit, and the greatest slot of all says where the identifiers
 * have come to. An entry so far behind that its identifier has come round since is complete, as the window
 * never spans more; its store was not told.
 */
export function joinWindows(parts: readonly SavedPart[]): SavedWindow {
  const next = parts.reduce((slot, { record }) => Math.max(slot, nextSlot(record)), 0);
  const entries: SavedEntry[] = [];
  const received = new ReceivedIds();
  for (const { lane, record, received: inPages } of parts) {
    if (inPages !== undefined) received.load(lane, inPages);
    for (const packetId of record.received) received.add(packetId, lane);
    entries.push(...entriesOf(lane, record));
  }
  if (parts.length === 1) return { entries, nextSlot: next, received };
  const live = entries.filter(({ slot }) => next - slot <= PACKET_IDS);
  live.sort((a, b) => a.slot - b.slot);
  return { entries: live, nextSlot: next, received };
}

function entriesOf(lane: Lane, record: InflightRecord): SavedEntry[] {
  const { entries, queueNames } = record;
  return slotsOf(record).map((slot, i) => ({
    lane,
    slot,
    state: entries.states[i] as number,
    qos: entries.qos[i] as number,
    queueName: queueNames[entries.queueIndexes[i] as number] as string,
    offset: entries.offsets[i] as QueueOffset,
  }));
}
