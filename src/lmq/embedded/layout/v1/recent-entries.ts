import { crc32 } from 'node:zlib';
import { MAX_VARINT_BYTES, VarintReader, writeVarint } from '../../../../common/bytes/varint.ts';
import { encodeEntryBody, maxEntryBytes, type EntrySource } from './index-entry.ts';

/**
 * What one commit adds to many queues, in one value. Its key has the number of the commit's first block.
 *
 * ```
 *  0  u8   0xe2
 *  1  u32  CRC-32 of the bytes from 5 to the end
 *  5  for each queue:
 *       varint  queue id
 *       varint  offset of the first record
 *       varint  length of what follows
 *       an index entry without its magic; the first block's number is the difference to that in the key
 * ```
 */
const MAGIC = 0xe2;
export const RECENT_HEADER_BYTES = 5;
const FIRST_BYTES = 64 * 1024;
/** Id, offset and length. */
const MAX_HEAD_BYTES: number = 3 * MAX_VARINT_BYTES;

/** Encodes one value after the other. */
export class RecentEntriesWriter {
  #buffer: Buffer = Buffer.allocUnsafeSlow(FIRST_BYTES);
  #at = RECENT_HEADER_BYTES;
  #firstBlock = 0;

  get isEmpty(): boolean {
    return this.#at === RECENT_HEADER_BYTES;
  }

  /** Begins a value. */
  begin(firstBlock: number): void {
    this.#firstBlock = firstBlock;
    this.#at = RECENT_HEADER_BYTES;
  }

  add(queueId: number, firstOffset: number, records: number, first: EntrySource): void {
    const room = MAX_HEAD_BYTES + maxEntryBytes(first, records);
    if (this.#at + room > this.#buffer.length) this.#grow(room);
    const buffer = this.#buffer;
    const lengthAt = writeVarint(buffer, firstOffset, writeVarint(buffer, queueId, this.#at));
    const start = lengthAt + 1;
    const end = encodeEntryBody(buffer, start, records, first, this.#firstBlock);
    const length = end - start;
    if (length < 0x80) {
      buffer[lengthAt] = length;
      this.#at = end;
    } else {
      // The length takes more room than was left for it.
      const lengthEnd = lengthAt + varintBytes(length);
      buffer.copyWithin(lengthEnd, start, end);
      writeVarint(buffer, length, lengthAt);
      this.#at = lengthEnd + length;
    }
  }

  /** Ends the value. */
  take(): Buffer {
    const value = Buffer.allocUnsafeSlow(this.#at);
    this.#buffer.copy(value, 0, 0, this.#at);
    value[0] = MAGIC;
    value.writeUInt32BE(crc32(value.subarray(RECENT_HEADER_BYTES)), 1);
    this.#at = RECENT_HEADER_BYTES;
    return value;
  }

  #grow(room: number): void {
    const larger = Buffer.allocUnsafeSlow((this.#at + room) * 2);
    this.#buffer.copy(larger, 0, 0, this.#at);
    this.#buffer = larger;
  }
}

function varintBytes(value: number): number {
  let bytes = 1;
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes++;
  return bytes;
}

/** Goes through the queues of a value. */
export class RecentEntriesReader {
  readonly #value: Buffer;
  readonly #reader: VarintReader;
  #next: number = RECENT_HEADER_BYTES;
  queueId = 0;
  firstOffset = 0;
  /** Where offset, length and entry are, one behind the other. */
  at = 0;

  constructor(value: Buffer) {
    this.#value = value;
    this.#reader = new VarintReader(value, RECENT_HEADER_BYTES);
  }

  /** False behind the last one, or where the value is no value. */
  next(): boolean {
    const reader = this.#reader;
    if (this.#next >= this.#value.length) return false;
    reader.moveTo(this.#value, this.#next);
    this.queueId = reader.next();
    this.at = reader.at;
    this.firstOffset = reader.next();
    const length = reader.next();
    this.#next = reader.at + length;
    return !reader.failed;
  }

  /** All was read and nothing is cut off. */
  get isWhole(): boolean {
    return !this.#reader.failed && this.#next === this.#value.length;
  }
}

/** Whether a value that was read is one that was written. */
export function isRecentEntries(value: Buffer): boolean {
  if (value.length <= RECENT_HEADER_BYTES || value[0] !== MAGIC) return false;
  if (crc32(value.subarray(RECENT_HEADER_BYTES)) !== value.readUInt32BE(1)) return false;
  const reader = new RecentEntriesReader(value);
  while (reader.next()) {
    if (reader.queueId === 0) return false;
  }
  return reader.isWhole;
}
