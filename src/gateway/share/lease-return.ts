import { DeliveryState, type InflightWindow } from '../session/inflight-window.ts';
import type { Lane } from '../../lmq/spi/lane.ts';
import { recordLength } from '../../lmq/spi/record.ts';
import { positionAt } from '../../lmq/spi/record-segment.ts';
import type { QueueOffset } from '../../lmq/spi/types.ts';
import { type InflightEntries, noEntries } from '../session/inflight-entries.ts';
import type { InflightRecord } from '../session/inflight-record.ts';
import type { Session, SessionCursor } from '../session/session.ts';

/** Which of a session's messages of shared groups go to another member. */
export interface LeaseRules {
  /** Of groups in this store alone. */
  readonly lane: Lane;
  /** Of this group alone. */
  readonly key?: string;
  /** The session does not outlive its connection. */
  readonly ends: boolean;
  /** Somebody else of the group is there to take them now. */
  hasOthers(key: string): boolean;
}

/**
 * Takes messages of shared groups out of a session's window; the offsets by group. A message that was not
 * sent goes back always. One at QoS 1 goes to another member if there is one, or when the session ends.
 * One at QoS 2 stays: its delivery is completed when the client comes back [MQTT-4.8.2-4], and it is not
 * sent to anybody else when the session ends before [MQTT-4.8.2-5].
 */
export function takeLeases(session: Session, rules: LeaseRules): Map<string, QueueOffset[]> {
  const { inflight } = session;
  const taken = new Map<string, QueueOffset[]>();
  for (const slot of inflight.incomplete()) {
    const { shareKey, queue } = inflight.cursor(slot);
    if (shareKey === undefined || shareKey !== (rules.key ?? shareKey)) continue;
    if (queue.lane !== rules.lane) continue;
    const isUnsent = inflight.state(slot) === DeliveryState.ASSIGNED;
    const isMovable = inflight.qos(slot) === 1 && (rules.ends || rules.hasOthers(shareKey));
    if (!isUnsent && !isMovable) continue;
    const offsets = taken.get(shareKey);
    if (offsets === undefined) taken.set(shareKey, [inflight.offset(slot)]);
    else offsets.push(inflight.offset(slot));
    if (isUnsent) session.assignedBytes -= assignedBytes(inflight, slot);
    inflight.complete(slot);
  }
  return taken;
}

function assignedBytes(inflight: InflightWindow<SessionCursor>, slot: number): number {
  const segment = inflight.segment(slot);
  if (segment === undefined) return 0;
  const position = positionAt(segment, inflight.offset(slot));
  return recordLength(segment.buffer, position);
}

/**
 * Takes the QoS 1 messages of one group out of a stored in-flight record. Their identifiers stay unused:
 * those of the rest do not change. Undefined when there are none.
 */
export function takeStoredLeases(
  record: InflightRecord,
  key: string,
): { readonly rest: InflightRecord; readonly offsets: readonly QueueOffset[] } | undefined {
  const index = record.queueNames.indexOf(key);
  if (index < 0) return undefined;
  const { entries } = record;
  const offsets: QueueOffset[] = [];
  const rest: InflightEntries = noEntries();
  for (let i = 0; i < entries.count; i++) {
    if (entries.queueIndexes[i] === index && entries.qos[i] === 1) {
      offsets.push(entries.offsets[i] as number);
      continue;
    }
    rest.packetIds.push(entries.packetIds[i] as number);
    rest.states.push(entries.states[i] as number);
    rest.qos.push(entries.qos[i] as number);
    rest.queueIndexes.push(entries.queueIndexes[i] as number);
    rest.offsets.push(entries.offsets[i] as number);
    rest.count++;
  }
  if (offsets.length === 0) return undefined;
  return { rest: { ...record, entries: rest }, offsets };
}
