import { copyBytes } from '../../../../common/bytes/copy-bytes.ts';
import { MAX_VARINT_BYTES, VarintReader, writeVarint } from '../../../../common/bytes/varint.ts';
import { ENTRY_MAGIC } from './index-entry.ts';

/**
 * Entries of commits are joined to one while they are not longer than this together; then the next entry begins. It is
 * part of the format: joined again after a crash they must have the same keys.
 */
export const MAX_JOINED_BYTES = 1_024;

/** Room for the magic and the number of records, which is known last. */
const HEAD_BYTES: number = 1 + MAX_VARINT_BYTES;
const FIRST_BYTES = 4 * 1024;

/** Makes one index entry of what several commits have added to a queue, the oldest first. */
export class EntryJoiner {
  #buffer: Buffer = Buffer.allocUnsafeSlow(FIRST_BYTES);
  readonly #head = Buffer.alloc(HEAD_BYTES);
  readonly #reader = new VarintReader(this.#head, 0);
  #at = HEAD_BYTES;
  #bodyBytes = 0;
  #records = 0;
  #lastBlock = 0;

  begin(): void {
    this.#at = HEAD_BYTES;
    this.#bodyBytes = 0;
    this.#records = 0;
    this.#lastBlock = 0;
  }

  /** Whether an entry of so many bytes goes to the same one. */
  hasRoom(bytes: number): boolean {
    return this.#bodyBytes === 0 || this.#bodyBytes + bytes <= MAX_JOINED_BYTES;
  }

  /**
   * Adds the entry without magic in `value[start, end)`, whose first block's number is the difference to `base`.
   * @returns false when it is none
   */
  add(base: number, value: Buffer, start: number, end: number): boolean {
    const room = this.#at + (end - start) + MAX_VARINT_BYTES;
    if (room > this.#buffer.length) this.#grow(room);
    const reader = this.#reader;
    reader.moveTo(value, start);
    const records = reader.next();
    const block = base + reader.next();
    this.#at = writeVarint(this.#buffer, block - this.#lastBlock, this.#at);
    this.#at = copyBytes(value, reader.at, end, this.#buffer, this.#at);
    this.#bodyBytes += end - start;
    this.#records += records;
    this.#lastBlock = block;
    for (let left = records; ;) {
      const count = reader.next();
      left -= count;
      // Most are in one block: nothing behind this number is of interest.
      if (left === 0 && !reader.failed) return true;
      if (left < 0 || !skipRuns(reader, count)) return false;
      this.#lastBlock += reader.next();
    }
  }

  /** The key's offset is that of the first entry added. Holds until the next `begin`. */
  finish(): Buffer {
    let start = HEAD_BYTES - 2;
    for (let rest = this.#records; rest >= 0x80; rest = Math.floor(rest / 0x80)) start--;
    this.#buffer[start] = ENTRY_MAGIC;
    writeVarint(this.#buffer, this.#records, start + 1);
    return this.#buffer.subarray(start, this.#at);
  }

  #grow(room: number): void {
    const larger = Buffer.allocUnsafeSlow(room * 2);
    this.#buffer.copy(larger, 0, 0, this.#at);
    this.#buffer = larger;
  }
}

function skipRuns(reader: VarintReader, records: number): boolean {
  if (records === 0) return false;
  for (let left = records; left > 0;) {
    left -= reader.next() % 2 === 0 ? 1 : reader.next();
    if (left < 0 || reader.failed) return false;
  }
  return true;
}
