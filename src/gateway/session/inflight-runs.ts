import { MAX_VARINT_BYTES, writeVarint } from '../../common/bytes/varint.ts';
import { packetIdAfter, packetIdStep } from './inflight-entries.ts';

/** Bits of a run's first byte: what follows it. The two lowest ones are its kind. */
export const RunBit = {
  GAP: 0b100,
  QUEUE: 0b1000,
  OFFSET: 0b1_0000,
  LONG: 0b10_0000,
} as const;

const FIRST_ID_BYTES = 2;
/** Most that a run takes: first byte, gap, queue, offset, length. */
const MOST_RUN_BYTES = 1 + 3 + 4 + MAX_VARINT_BYTES + 3;
/** Numbers that a run is kept as. */
const FIELDS = 5;
const FIRST_FIELDS = FIELDS * 64;
/** More are not kept for the next record. */
const MOST_SPARE_FIELDS = FIELDS * 1024;

/** State and QoS of an entry as one number. */
export function kindOf(state: number, qos: number): number {
  return state + qos - 2;
}

/**
 * Entries of an in-flight record on their way into it, in send order. What follows each other in everything
 * (packet identifier and offset one more; state, QoS and queue the same) is one run.
 */
export class InflightRuns {
  /** Entries. */
  count = 0;
  #firstId = 0;
  #nextId = 0;
  /** The last run: its kind, its queue, the offset behind it and how many entries it has. */
  #kind = -1;
  #queue = -1;
  #nextOffset = -1;
  #length = 0;
  /** Of each run: gap before it, kind, queue, first offset, length. */
  #fields: Float64Array = new Float64Array(FIRST_FIELDS);
  #end = 0;

  /** Adds entries that follow each other. */
  add(packetId: number, kind: number, queue: number, offset: number, count: number): void {
    const goesOn = packetId === this.#nextId && kind === this.#kind;
    if (goesOn && queue === this.#queue && offset === this.#nextOffset) {
      this.#length += count;
      this.#fields[this.#end - 1] = this.#length;
    } else {
      const isFirst = this.count === 0;
      if (isFirst) this.#firstId = packetId;
      const gap = isFirst || packetId === this.#nextId ? 0 : packetIdStep(this.#nextId, packetId);
      this.#push(gap, kind, queue, offset, count);
      this.#kind = kind;
      this.#queue = queue;
      this.#length = count;
    }
    this.#nextId = packetIdAfter(packetId, count);
    this.#nextOffset = offset + count;
    this.count += count;
  }

  #push(gap: number, kind: number, queue: number, offset: number, length: number): void {
    const end = this.#end;
    if (end === this.#fields.length) this.#grow();
    const fields = this.#fields;
    fields[end] = gap;
    fields[end + 1] = kind;
    fields[end + 2] = queue;
    fields[end + 3] = offset;
    fields[end + 4] = length;
    this.#end = end + FIELDS;
  }

  #grow(): void {
    const grown = new Float64Array(this.#fields.length * 2);
    grown.set(this.#fields);
    this.#fields = grown;
  }

  /** For the next record. */
  clear(): void {
    this.count = 0;
    this.#end = 0;
    this.#kind = -1;
    if (this.#fields.length > MOST_SPARE_FIELDS) this.#fields = new Float64Array(FIRST_FIELDS);
  }

  /** Bytes that `write` takes at most. */
  get mostBytes(): number {
    return FIRST_ID_BYTES + (this.#end / FIELDS) * MOST_RUN_BYTES;
  }

  /** Returns the position after them. */
  write(target: Buffer, start: number): number {
    if (this.count === 0) return start;
    const fields = this.#fields;
    target[start] = this.#firstId >>> 8;
    target[start + 1] = this.#firstId;
    let at = start + FIRST_ID_BYTES;
    let last = 0;
    const behind: number[] = [];
    for (let i = 0; i < this.#end; i += FIELDS) {
      const gap = fields[i] as number;
      let head = fields[i + 1] as number;
      const queue = fields[i + 2] as number;
      const offset = fields[i + 3] as number;
      const length = fields[i + 4] as number;
      const step = offset - (behind[queue] ?? 0);
      behind[queue] = offset + length;
      const headAt = at++;
      if (gap > 0) {
        head |= RunBit.GAP;
        at = writeVarint(target, gap, at);
      }
      if (queue !== last) {
        head |= RunBit.QUEUE;
        at = writeVarint(target, queue, at);
        last = queue;
      }
      if (step !== 0) {
        head |= RunBit.OFFSET;
        at = writeVarint(target, step > 0 ? step * 2 : step * -2 - 1, at);
      }
      if (length > 1) {
        head |= RunBit.LONG;
        at = writeVarint(target, length - 2, at);
      }
      target[headAt] = head;
    }
    return at;
  }
}
