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
  /** The records are at `positions[start]` to `positions[start + count - 1]`. */
  readonly positions: ArrayLike<number>;
  readonly start: number;
  readonly count: number;
  /** Records of others lie, or may lie, between those of the segment. */
  readonly hasGaps: boolean;
  /** That of the next block. */
  readonly next: EntrySource | undefined;
}

/** Bytes that an entry for the segments from `first` on takes at most. */
export function maxEntryBytes(first: EntrySource, records: number): number {
  let segments = 1;
  for (let { next } = first; next !== undefined; next = next.next) segments++;
  return 1 + MAX_VARINT_BYTES * (1 + 2 * segments) + 10 * records;
}

/** Encodes the segments from `first` on into `target`, which has room for `maxEntryBytes`, and returns the length. */
export function encodeIndexEntry(target: Buffer, records: number, first: EntrySource): number {
  target[0] = ENTRY_MAGIC;
  return encodeEntryBody(target, 1, records, first, 0);
}

/** Encodes what follows the magic to `target` from `start` on, the first block's number less `base`; returns the end. */
export function encodeEntryBody(
  target: Buffer,
  start: number,
  records: number,
  first: EntrySource,
  base: number,
): number {
  let at = writeVarint(target, records, start);
  let previous = base;
  for (
    let segment: EntrySource | undefined = first;
    segment !== undefined;
    segment = segment.next
  ) {
    const { blockNumber, count } = segment;
    at = writeVarint(target, blockNumber - previous, at);
    previous = blockNumber;
    at = writeVarint(target, count, at);
    if (segment.hasGaps) at = encodeRuns(target, at, segment);
    else {
      const gap = (segment.positions[segment.start] as number) - BLOCK_HEADER_BYTES;
      at = encodeRun(target, at, gap, count);
    }
  }
  return at;
}

function encodeRuns(
  target: Buffer,
  at: number,
  { buffer, positions, start, count }: EntrySource,
): number {
  let next = at;
  let end = BLOCK_HEADER_BYTES;
  for (let i = start; i < start + count;) {
    const gap = (positions[i] as number) - end;
    let run = 1;
    while (++i < start + count) {
      const last = positions[i - 1] as number;
      end = last + buffer.readUInt32BE(last);
      if (positions[i] !== end) break;
      run++;
    }
    next = encodeRun(target, next, gap, run);
  }
  return next;
}

function encodeRun(target: Buffer, at: number, gap: number, records: number): number {
  if (records === 1) return writeVarint(target, gap * 2, at);
  return writeVarint(target, records, writeVarint(target, gap * 2 + 1, at));
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
