import { writeVarint } from '../../common/bytes/varint.ts';
import { PACKET_IDS, packetIdAfter } from './inflight-entries.ts';
import type { StateReader } from './state-reader.ts';

/** Bytes that `writeReceived` takes at most for each identifier. */
export const MOST_RECEIVED_BYTES = 3;

const NONE: Buffer = Buffer.alloc(0);

/** Joins identifiers that follow each other to runs and writes these: `begin`, `add` for each in order, `end`. */
class RunWriter {
  #target = NONE;
  #at = 0;
  /** What follows the run before: a run is written as its distance from there. */
  #expected = 1;
  #first = 1;
  #length = 0;

  begin(target: Buffer, start: number): void {
    this.#target = target;
    this.#at = start;
    this.#expected = 1;
    this.#length = 0;
  }

  add(packetId: number): void {
    if (this.#length > 0) {
      const next = packetIdAfter(this.#first, this.#length);
      if (packetId === next) {
        this.#length++;
        return;
      }
      this.#writeRun();
      this.#expected = next;
    }
    this.#first = packetId;
    this.#length = 1;
  }

  /** Returns the position after what was written. */
  end(): number {
    if (this.#length > 0) this.#writeRun();
    this.#target = NONE;
    return this.#at;
  }

  #writeRun(): void {
    const step = this.#first - this.#expected;
    const skipped = step < 0 ? step + PACKET_IDS : step;
    const head = skipped * 2 + (this.#length > 1 ? 1 : 0);
    this.#at = writeVarint(this.#target, head, this.#at);
    if (this.#length > 1) this.#at = writeVarint(this.#target, this.#length - 2, this.#at);
  }
}

/** One for all: records are written one at a time, many a second. */
export const runWriter: RunWriter = new RunWriter();

/** Writes identifiers as runs, in their order; returns the position after them. */
export function writeReceived(target: Buffer, packetIds: Iterable<number>, start: number): number {
  runWriter.begin(target, start);
  for (const packetId of packetIds) runWriter.add(packetId);
  return runWriter.end();
}

/**
 * Reads what a `RunWriter` has written.
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
