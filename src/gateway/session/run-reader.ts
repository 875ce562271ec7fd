import { type InflightEntries, noEntries, PACKET_IDS, packetIdAfter } from './inflight-entries.ts';
import { RunBit } from './inflight-runs.ts';
import { MAX_U48, type StateReader } from './state-reader.ts';

const KIND_MASK = 0b11;
const ALL_BITS = 0b11_1111;
/** 1/1, 1/2 and 2/2: a QoS 1 delivery has no second half. */
const KINDS = 3;

/** A run as it has been read: `gap` before it, then `length` entries. */
interface Run {
  readonly gap: number;
  readonly kind: number;
  readonly queue: number;
  readonly offset: number;
  readonly length: number;
}

/**
 * Reads what `InflightRuns.write` has written: at most `count` entries, whatever the record says.
 * @throws StoreError STORE_CORRUPT for anything else
 */
export function readRuns(reader: StateReader, count: number, queueCount: number): InflightEntries {
  const entries = noEntries();
  if (count === 0) return entries;
  const runs = new RunReader(reader, queueCount);
  let packetId = reader.packetId();
  let span = 0;
  while (entries.count < count) {
    const run = runs.next();
    if (run.length > count - entries.count) throw reader.corrupt('more entries than there are');
    // Checked here already: what is too much for one turn of the identifiers would look like less.
    span += run.gap + run.length;
    if (span > PACKET_IDS) {
      throw reader.corrupt('entries are not in the order of their identifiers');
    }
    packetId = packetIdAfter(packetId, run.gap);
    pushRun(entries, packetId, run);
    packetId = packetIdAfter(packetId, run.length);
  }
  return entries;
}

/** Reads runs one after the other. Each is written as its difference from the ones before it. */
class RunReader {
  readonly #reader: StateReader;
  readonly #queueCount: number;
  /** Offset behind the last run of each queue. */
  readonly #behind = new Map<number, number>();
  #queue = 0;
  /** Of the run before; -1 = there is none. */
  #kind = -1;

  constructor(reader: StateReader, queueCount: number) {
    this.#reader = reader;
    this.#queueCount = queueCount;
  }

  next(): Run {
    const reader = this.#reader;
    const head = reader.u8();
    const kind = head & KIND_MASK;
    if (head > ALL_BITS || kind >= KINDS) throw reader.corrupt('illegal state of an entry');
    const isFirst = this.#kind < 0;
    const gap = (head & RunBit.GAP) === 0 ? 0 : this.#written();
    if (gap > 0 && isFirst) throw reader.corrupt('gap before the first entry');
    const queue = this.#readQueue(head);
    const behind = this.#behind.get(queue) ?? 0;
    const step = (head & RunBit.OFFSET) === 0 ? 0 : this.#written();
    const offset = behind + (step % 2 === 0 ? step / 2 : -(step + 1) / 2);
    const length = (head & RunBit.LONG) === 0 ? 1 : reader.varint() + 2;
    if (offset < 0 || offset + length - 1 > MAX_U48) throw reader.corrupt('illegal offset');
    if (kind === this.#kind && (head & (RunBit.GAP | RunBit.QUEUE | RunBit.OFFSET)) === 0) {
      throw reader.corrupt('a run in two parts');
    }
    this.#kind = kind;
    this.#behind.set(queue, offset + length);
    return { gap, kind, queue, offset, length };
  }

  #readQueue(head: number): number {
    const reader = this.#reader;
    if ((head & RunBit.QUEUE) !== 0) {
      const other = reader.varint();
      if (other === this.#queue) throw reader.corrupt('a queue that is not left out');
      this.#queue = other;
    }
    if (this.#queue >= this.#queueCount) throw reader.corrupt('entry of a queue that is not there');
    return this.#queue;
  }

  /** A number that is only written when it is not 0. */
  #written(): number {
    const value = this.#reader.varint();
    if (value === 0) throw this.#reader.corrupt('a zero that is not left out');
    return value;
  }
}

function pushRun(entries: InflightEntries, packetId: number, run: Run): void {
  for (let i = 0; i < run.length; i++) {
    entries.packetIds.push(packetIdAfter(packetId, i));
    entries.states.push(run.kind === 2 ? 2 : 1);
    entries.qos.push(run.kind === 0 ? 1 : 2);
    entries.queueIndexes.push(run.queue);
    entries.offsets.push(run.offset + i);
  }
  entries.count += run.length;
}
