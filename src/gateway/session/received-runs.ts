import { writeVarint } from '../../common/bytes/varint.ts';
import { PACKET_IDS, packetIdAfter } from './inflight-entries.ts';
import type { StateReader } from './state-reader.ts';

/** Bytes that `writeReceived` takes at most for each identifier. */
export const MOST_RECEIVED_BYTES = 3;

/** Writes identifiers as runs, in their order; returns the position after them. */
export function writeReceived(target: Buffer, packetIds: Iterable<number>, start: number): number {
  let at = start;
  let expected = 1;
  let first = 1;
  let length = 0;
  for (const packetId of packetIds) {
    if (length > 0 && packetId === packetIdAfter(first, length)) {
      length++;
      continue;
    }
    if (length > 0) {
      at = writeRun(target, first - expected, length, at);
      expected = packetIdAfter(first, length);
    }
    first = packetId;
    length = 1;
  }
  return length === 0 ? at : writeRun(target, first - expected, length, at);
}

/** Writes one run; returns the position after it. */
export function writeRun(target: Buffer, step: number, length: number, start: number): number {
  const skipped = step < 0 ? step + PACKET_IDS : step;
  const at = writeVarint(target, skipped * 2 + (length > 1 ? 1 : 0), start);
  return length > 1 ? writeVarint(target, length - 2, at) : at;
}

/**
 * Reads what `writeReceived` has written.
 * @throws StoreError STORE_CORRUPT for anything else
 */
export function readReceivedRuns(reader: StateReader, count: number): Set<number> {
  const received = new Set<number>();
  let packetId = 1;
  for (let left = count; left > 0;) {
    const head = reader.varint();
    const skipped = Math.floor(head / 2);
    if (skipped >= PACKET_IDS) throw reader.corrupt('packet identifier too high');
    if (skipped === 0 && left < count) throw reader.corrupt('a run in two parts');
    const length = head % 2 === 0 ? 1 : reader.varint() + 2;
    if (length > left) throw reader.corrupt('more received packet identifiers than there are');
    packetId = packetIdAfter(packetId, skipped);
    for (let i = 0; i < length; i++) received.add(packetIdAfter(packetId, i));
    packetId = packetIdAfter(packetId, length);
    left -= length;
  }
  if (received.size !== count) throw reader.corrupt('received packet identifier twice');
  return received;
}
