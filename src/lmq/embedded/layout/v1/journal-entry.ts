import { crc32 } from 'node:zlib';
import { copyBytes } from '../../../../common/bytes/copy-bytes.ts';
import { Prefixes } from '../../../../common/bytes/prefixes.ts';
import { readUint64, writeUint64 } from './keyspace.ts';

/**
 * An entry of the journal: the writes of one commit, in order. Big endian.
 *
 * ```
 *  0  u32  length of the entry
 *  4  u32  CRC-32 of the bytes from 8 to the end
 *  8  u64  sequence number
 * 16  writes, each: u32 length of the key · u32 length of the value, ffffffff for a deletion · key · value
 * ```
 */
export const JOURNAL_HEADER_BYTES = 16;
export const JOURNAL_WRITE_BYTES = 8;
/** Each life of the engine begins its sequence numbers at a multiple of this, chosen at random below 2^53. */
export const NUMBERS_OF_A_LIFE: number = 2 ** 32;

const DELETION = 0xffff_ffff;

/** For keys and values that are given away one after the other. */
const SHORT_BYTES = 256;
const keyBytes = Buffer.alloc(SHORT_BYTES);
const valueBytes = Buffer.alloc(SHORT_BYTES);
const keyViews = new Prefixes(keyBytes);
const valueViews = new Prefixes(valueBytes);

/** What the writes of an entry are given to. */
export interface WriteSink {
  put(key: Buffer, value: Buffer): void;
  del(key: Buffer): void;
}

/** Adds a write at `at`, undefined for a deletion, and returns the position after it; there must be room. */
export function encodeWrite(
  target: Buffer,
  at: number,
  key: Buffer,
  value: Buffer | undefined,
): number {
  target.writeUInt32BE(key.length, at);
  target.writeUInt32BE(value === undefined ? DELETION : value.length, at + 4);
  const valueAt = at + JOURNAL_WRITE_BYTES + key.length;
  key.copy(target, at + JOURNAL_WRITE_BYTES);
  if (value === undefined) return valueAt;
  value.copy(target, valueAt);
  return valueAt + value.length;
}

/** Fills in the header of the entry in `target[start, end)`, whose writes are in place. */
export function sealEntry(target: Buffer, start: number, end: number, sequence: number): void {
  target.writeUInt32BE(end - start, start);
  writeUint64(target, sequence, start + 8);
  target.writeUInt32BE(crc32(target.subarray(start + 8, end)), start + 4);
}

/** Where the entry at `start` ends; -1 when there is no whole one. */
export function entryEnd(source: Buffer, start: number): number {
  if (start + JOURNAL_HEADER_BYTES > source.length) return -1;
  const end = start + source.readUInt32BE(start);
  if (end < start + JOURNAL_HEADER_BYTES || end > source.length) return -1;
  return crc32(source.subarray(start + 8, end)) === source.readUInt32BE(start + 4) ? end : -1;
}

/** NaN when it is none that could have been written. */
export function entrySequence(source: Buffer, start: number): number {
  return readUint64(source, start + 8);
}

/** Gives the writes in `source[at, end)`, without a header, to `sink`, which must not keep what it is given. */
export function decodeWrites(source: Buffer, at: number, end: number, sink: WriteSink): void {
  for (let next = at; next < end;) {
    const keyAt = next + JOURNAL_WRITE_BYTES;
    const valueAt = keyAt + source.readUInt32BE(next);
    const valueLength = source.readUInt32BE(next + 4);
    const key = partOf(source, keyAt, valueAt, keyBytes, keyViews);
    next = valueAt;
    if (valueLength === DELETION) {
      sink.del(key);
    } else {
      next = valueAt + valueLength;
      sink.put(key, partOf(source, valueAt, next, valueBytes, valueViews));
    }
  }
}

/** `source[start, end)`: a copy in `bytes` when it is short, because a view takes longer to make. */
function partOf(
  source: Buffer,
  start: number,
  end: number,
  bytes: Buffer,
  views: Prefixes,
): Buffer {
  const length = end - start;
  if (length > bytes.length) return source.subarray(start, end);
  copyBytes(source, start, end, bytes, 0);
  return views.of(length);
}
