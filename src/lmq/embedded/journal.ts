import { closeSync, constants, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { isMissing } from '../../common/is-missing.ts';
import { newestBehindDamage } from './journal-damage.ts';
import {
  decodeWrites,
  encodeWrite,
  entryEnd,
  entrySequence,
  JOURNAL_HEADER_BYTES,
  JOURNAL_WRITE_BYTES,
  sealEntry,
  type WriteSink,
} from './layout/v1/journal-entry.ts';
import { TakeOver } from './take-over.ts';

/** What a process that died has left. Both numbers are the given one where there is nothing. */
export interface Replayed {
  /** Of the last entry found. */
  readonly last: number;
  /** Of the newest one in the file: above `last` where damage is before it, so that it could not be given. */
  readonly newest: number;
}

const FILE_NAME = 'journal';
/** What it may hold. When it is full a commit goes to the engine, which then has everything. */
export const JOURNAL_BYTES: number = 2 * 1024 * 1024;

/**
 * Small commits on their way to the engine: in a file, which makes them durable in the calling thread, and
 * the same bytes in memory. Sequence numbers rise by one from entry to entry, so what a file that was begun
 * anew still holds of its earlier life does not follow.
 */
export class Journal {
  readonly #path: string;
  readonly #capacity: number;
  readonly #takeOver = new TakeOver();
  #file: number | undefined;
  #buffer: Buffer | undefined;
  /** What is before this is with the engine. */
  #takenTo = 0;
  /** Where the open entry begins, and its end. */
  #start = 0;
  #at = 0;
  /** Where it must end. */
  #limit = 0;

  /** @param capacity bytes of the file and of the memory */
  constructor(directory: string, capacity: number) {
    this.#capacity = capacity;
    this.#path = join(directory, FILE_NAME);
  }

  /** Bytes of entries that are not with the engine. */
  get waitingBytes(): number {
    return this.#start - this.#takenTo;
  }

  /** Bytes from the start of the file to the end of the last entry. */
  get bytes(): number {
    return this.#start;
  }

  /** Begins the open entry of at most `maxBytes`, which takes the place of one that was not written. */
  begin(maxBytes: number): void {
    this.#at = this.#start + JOURNAL_HEADER_BYTES;
    this.#limit = Math.min(this.#start + maxBytes, this.#capacity);
  }

  /** Adds a write to the open entry, undefined for a deletion; false when there is no room for it. */
  add(key: Buffer, value: Buffer | undefined): boolean {
    const end = this.#at + JOURNAL_WRITE_BYTES + key.length + (value?.length ?? 0);
    if (end > this.#limit) return false;
    this.#buffer ??= Buffer.allocUnsafeSlow(this.#capacity);
    this.#at = encodeWrite(this.#buffer, this.#at, key, value);
    return true;
  }

  /**
   * Closes the open entry: it survives the death of the process when this returns.
   * @throws the error of the file system; the entry stays open then
   */
  write(sequence: number): void {
    const buffer = this.#buffer as Buffer;
    this.#file ??= openSync(this.#path, constants.O_RDWR | constants.O_CREAT, 0o600);
    sealEntry(buffer, this.#start, this.#at, sequence);
    for (let from = this.#start; from < this.#at;) {
      from += writeSync(this.#file, buffer, from, this.#at - from, from);
    }
    this.#start = this.#at;
  }

  /** Gives the writes of the open entry to `sink`. */
  copyOpen(sink: WriteSink): void {
    if (this.#at <= this.#start + JOURNAL_HEADER_BYTES) return;
    decodeWrites(this.#buffer as Buffer, this.#start + JOURNAL_HEADER_BYTES, this.#at, sink);
  }

  /** Gives the writes that are not with the engine to `sink`, which copies them. */
  copyWaiting(sink: WriteSink): void {
    const buffer = this.#buffer as Buffer;
    this.#takeOver.begin(sink);
    for (let at = this.#takenTo; at < this.#start;) {
      const end = at + buffer.readUInt32BE(at);
      decodeWrites(buffer, at + JOURNAL_HEADER_BYTES, end, this.#takeOver);
      at = end;
    }
    this.#takeOver.end();
  }

  /** What waited is on its way to the engine. */
  take(): void {
    this.#takenTo = this.#start;
  }

  /** Begins anew: the engine has everything. */
  restart(): void {
    this.#takenTo = 0;
    this.#start = 0;
  }

  /**
   * Gives `sink` the writes that a process that died has left and the engine does not have.
   * @param sequence of the last entry that the engine has
   * @throws the error of the file system
   */
  replay(sequence: number, sink: WriteSink): Replayed {
    const bytes = this.#read();
    let last: number | undefined;
    let at = 0;
    for (;;) {
      const end = entryEnd(bytes, at);
      if (end === -1) break;
      const number = entrySequence(bytes, at);
      // After the death of the machine the file and the engine may have lost different writes.
      if (last === undefined ? !(number <= sequence + 1) : number !== last + 1) break;
      if (number > sequence) decodeWrites(bytes, at + JOURNAL_HEADER_BYTES, end, sink);
      last = number;
      at = end;
    }
    const found = Math.max(last ?? 0, sequence);
    return { last: found, newest: newestBehindDamage(bytes, at, found) };
  }

  /** @param isEmpty the engine has everything, so that the file can go */
  close(isEmpty: boolean): void {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
    if (isEmpty) rmSync(this.#path, { force: true });
  }

  #read(): Buffer {
    try {
      return readFileSync(this.#path);
    } catch (error) {
      if (isMissing(error)) return Buffer.alloc(0);
      throw error;
    }
  }
}
