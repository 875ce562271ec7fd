import { VarintReader } from '../../common/bytes/varint.ts';
import { decodeEntryBody, type IndexEntry } from './layout/v1/index-entry.ts';
import type { EntryJoiner } from './layout/v1/joined-entry.ts';
import { RecentEntriesReader } from './layout/v1/recent-entries.ts';
import { QueueHeads } from './queue-heads.ts';

const FIRST_ITEMS = 1_024;

/**
 * What some commits in a row have added to many queues, as it is stored, and where the entries of each queue are in
 * it. An _item_ is the number of an entry here. What is here stays as it is while more is added, and after the
 * generation has been let go, for those who still read.
 */
export class RecentGeneration {
  readonly #heads: QueueHeads;
  readonly #reader = new VarintReader(Buffer.alloc(0), 0);
  readonly #values: Buffer[] = [];
  readonly #firstBlocks: number[] = [];
  #count = 0;
  #bytes = 0;
  /** For each item the value it is in, where in it, and the item before of the same queue, or -1. */
  #valueOf = new Uint32Array(FIRST_ITEMS);
  #at = new Uint32Array(FIRST_ITEMS);
  #previous = new Int32Array(FIRST_ITEMS);

  /** @param queues that are expected */
  constructor(queues: number) {
    this.#heads = new QueueHeads(queues);
  }

  get bytes(): number {
    return this.#bytes;
  }

  get isEmpty(): boolean {
    return this.#bytes === 0;
  }

  get queues(): QueueHeads {
    return this.#heads;
  }

  /** First blocks of the commits: the keys of their values. */
  get firstBlocks(): readonly number[] {
    return this.#firstBlocks;
  }

  /** Adds the value of the commit that follows. */
  add(firstBlock: number, value: Buffer): void {
    const number = this.#values.push(value) - 1;
    this.#firstBlocks.push(firstBlock);
    this.#bytes += value.length;
    const reader = new RecentEntriesReader(value);
    while (reader.next()) {
      if (this.#count === this.#at.length) this.#grow();
      const item = this.#count++;
      this.#valueOf[item] = number;
      this.#at[item] = reader.at;
      this.#previous[item] = this.#heads.set(reader.queueId, item);
    }
  }

  /** The newest item of a queue, or -1. */
  newest(queueId: number): number {
    return this.#heads.get(queueId);
  }

  /** The item before of the same queue, or -1. */
  previous(item: number): number {
    return this.#previous[item] as number;
  }

  firstOffset(item: number): number {
    return this.#read(item).next();
  }

  /** Bytes that the entry of an item takes. */
  entryBytes(item: number): number {
    const reader = this.#read(item);
    reader.next();
    return reader.next();
  }

  /** Undefined when the bytes are no entry. */
  entry(item: number): IndexEntry | undefined {
    const reader = this.#read(item);
    const firstOffset = reader.next();
    const length = reader.next();
    const value = this.#valueFor(item).subarray(0, reader.at + length);
    const base = this.#firstBlocks[this.#valueOf[item] as number] as number;
    return decodeEntryBody(firstOffset, value, reader.at, base);
  }

  /** Adds the entry of an item to an entry; false when its bytes are none. */
  joinTo(joiner: EntryJoiner, item: number): boolean {
    const reader = this.#read(item);
    reader.next();
    const length = reader.next();
    const base = this.#firstBlocks[this.#valueOf[item] as number] as number;
    return joiner.add(base, this.#valueFor(item), reader.at, reader.at + length);
  }

  #valueFor(item: number): Buffer {
    return this.#values[this.#valueOf[item] as number] as Buffer;
  }

  #read(item: number): VarintReader {
    this.#reader.moveTo(this.#valueFor(item), this.#at[item] as number);
    return this.#reader;
  }

  #grow(): void {
    const length = this.#at.length * 2;
    this.#valueOf = copyOf(this.#valueOf, new Uint32Array(length));
    this.#at = copyOf(this.#at, new Uint32Array(length));
    this.#previous = copyOf(this.#previous, new Int32Array(length));
  }
}

function copyOf<T extends Uint32Array | Int32Array>(from: T, to: T): T {
  to.set(from);
  return to;
}
