import { BLOCK_HEADER_BYTES, recordEnd } from './block.ts';
import { MAX_VARINT_BYTES, VarintReader, writeVarint } from '../../../../common/bytes/varint.ts';

/**
 * Value of an index entry: where the records are that one commit added to one queue.
 *
 * ```
 * u8      0xe1
 * varint  number of records
 * then for each block that holds some of them, ascending:
 *   varint  block number (the first), difference to the previous one (the others)
 *   varint  number of records in this block
 *   runs    of records that follow each other without a gap, until that number is reached:
 *     varint  gap << 1 | long   gap: bytes between the end of the previous run (or of the header) and this run
 *     varint  records in the run, only when long; else 1
 * ```
 */
export const ENTRY_MAGIC = 0xe1;

/** The records of an entry that lie in one block. */
export interface EntryPart {
  readonly block: number;
  readonly count: number;
  /** gap, records; gap, records; … */
  readonly runs: readonly number[];
}

export interface IndexEntry {
  readonly firstOffset: number;
  readonly count: number;
  readonly parts: readonly EntryPart[];
}

/** What the encoder needs of a segment that is about to be written. */
export interface EntrySource {
  readonly blockNumber: number;
  readonly buffer: Buffer;
  readonly positions: readonly number[];
}

/** Bytes that an entry of these sizes takes at most. */
export function maxEntryBytes(segments: number, records: number): number {
  return 1 + MAX_VARINT_BYTES * (1 + 2 * segments) + 10 * records;
}

/** Encodes into `target`, which has room for `maxEntryBytes`, and returns the length. */
export function encodeIndexEntry(
  target: Buffer,
  records: number,
  segments: readonly EntrySource[],
): number {
  target[0] = ENTRY_MAGIC;
  return encodeEntryBody(target, 1, records, segments, 0);
}

/** Encodes what follows the magic to `target` from `start` on, the first block's number less `base`; returns the end. */
export function encodeEntryBody(
  target: Buffer,
  start: number,
  records: number,
  segments: readonly EntrySource[],
  base: number,
): number {
  let at = writeVarint(target, records, start);
  let previous = base;
  for (const segment of segments) {
    at = writeVarint(target, segment.blockNumber - previous, at);
    previous = segment.blockNumber;
    at = writeVarint(target, segment.positions.length, at);
    at = encodeRuns(target, at, segment.buffer, segment.positions);
  }
  return at;
}

function encodeRuns(
  target: Buffer,
  start: number,
  block: Buffer,
  positions: readonly number[],
): number {
  let at = start;
  let end = BLOCK_HEADER_BYTES;
  for (let i = 0; i < positions.length;) {
    const gap = (positions[i] as number) - end;
    let run = 1;
    while (++i < positions.length) {
      const last = positions[i - 1] as number;
      end = last + block.readUInt32BE(last);
      if (positions[i] !== end) break;
      run++;
    }
    if (run === 1) {
      at = writeVarint(target, gap * 2, at);
    } else {
      at = writeVarint(target, gap * 2 + 1, at);
      at = writeVarint(target, run, at);
    }
  }
  return at;
}

/** Undefined when the value is no entry. */
export function decodeIndexEntry(firstOffset: number, value: Buffer): IndexEntry | undefined {
  return value[0] === ENTRY_MAGIC ? decodeEntryBody(firstOffset, value, 1, 0) : undefined;
}

/** What `encodeEntryBody` has encoded from `start` to the end of `value`; undefined when that is something else. */
export function decodeEntryBody(
  firstOffset: number,
  value: Buffer,
  start: number,
  base: number,
): IndexEntry | undefined {
  const reader = new VarintReader(value, start);
  const count = reader.next();
  const parts: EntryPart[] = [];
  let block = base;
  let decoded = 0;
  while (decoded < count && !reader.failed) {
    const step = reader.next();
    if (parts.length > 0 && step === 0) return undefined;
    block += step;
    const records = reader.next();
    if (records === 0 || records > count - decoded) return undefined;
    const runs = decodeRuns(reader, records);
    if (runs === undefined) return undefined;
    parts.push({ block, count: records, runs });
    decoded += records;
  }
  return count === 0 || reader.failed || !reader.atEnd ? undefined : { firstOffset, count, parts };
}

function decodeRuns(reader: VarintReader, records: number): number[] | undefined {
  const runs: number[] = [];
  for (let left = records; left > 0;) {
    const head = reader.next();
    const run = head % 2 === 0 ? 1 : reader.next();
    if (run === 0 || run > left || reader.failed) return undefined;
    runs.push(Math.floor(head / 2), run);
    left -= run;
  }
  return runs;
}

/** Positions in `block` of the part's records, or undefined when they do not fit the block. */
export function positionsOf(part: EntryPart, block: Buffer): number[] | undefined {
  const positions: number[] = [];
  let at = BLOCK_HEADER_BYTES;
  for (let i = 0; i < part.runs.length; i += 2) {
    at += part.runs[i] as number;
    for (let left = part.runs[i + 1] as number; left > 0; left--) {
      const end = recordEnd(block, at);
      if (end === -1) return undefined;
      positions.push(at);
      at = end;
    }
  }
  return positions;
}

/** Offset after the last record of an entry. */
export function entryEnd(entry: IndexEntry): number {
  return entry.firstOffset + entry.count;
}

/** The newest block that an entry refers to. */
export function lastBlock(entry: IndexEntry): number {
  return entry.parts.at(-1)?.block ?? -1;
}

/** First offset of an entry whose record is in a block from `start` on; the entry's end when none is. */
export function firstLiveOffset(entry: IndexEntry, start: number): number {
  let offset = entry.firstOffset;
  for (const part of entry.parts) {
    if (part.block >= start) return offset;
    offset += part.count;
  }
  return offset;
}
