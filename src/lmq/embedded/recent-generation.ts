import { VarintReader } from '../../common/bytes/varint.ts';
import { decodeEntryBody, type IndexEntry } from './layout/v1/index-entry.ts';
import type { EntryJoiner } from './layout/v1/joined-entry.ts';
import { RecentEntriesReader } from './layout/v1/recent-entries.ts';
import { QueueHeads } from './queue-heads.ts';

const FIRST_ITEMS = 1_024;
/** Numbers of an item side by side, since items are found one by one: value, position in it, item before. */
const STRIDE = 4;

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
  #items = new Int32Array(FIRST_ITEMS * STRIDE);

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

  /** The newest item of each queue. */
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
      const item = this.#count++;
      const at = item * STRIDE;
      if (at === this.#items.length) this.#grow();
      const items = this.#items;
      items[at] = number;
      items[at + 1] = reader.at;
      items[at + 2] = this.#heads.set(reader.queueId, item);
    }
  }

  /** The newest item of a queue, or -1. */
  newest(queueId: number): number {
    return this.#heads.get(queueId);
  }

  /** The item before of the same queue, or -1. */
  previous(item: number): number {
    return this.#items[item * STRIDE + 2] as number;
  }

  firstOffset(item: number): number {
    const reader = this.#reader;
    reader.moveTo(this.#valueOf(item), this.#items[item * STRIDE + 1] as number);
    return reader.next();
  }

  /** Undefined when the bytes are no entry. */
  entry(item: number): IndexEntry | undefined {
    const firstOffset = this.firstOffset(item);
    const reader = this.#reader;
    const length = reader.next();
    const value = this.#valueOf(item).subarray(0, reader.at + length);
    const base = this.#firstBlocks[this.#items[item * STRIDE] as number] as number;
    return decodeEntryBody(firstOffset, value, reader.at, base);
  }

  /**
   * Adds the entry of an item to an entry.
   * @returns how many bytes it has; 0 when there is no room for it, -1 when its bytes are no entry
   */
  joinTo(joiner: EntryJoiner, item: number): number {
    this.firstOffset(item);
    const reader = this.#reader;
    const length = reader.next();
    if (length === 0) return -1;
    if (!joiner.hasRoom(length)) return 0;
    const number = this.#items[item * STRIDE] as number;
    const value = this.#values[number] as Buffer;
    const { at } = reader;
    const base = this.#firstBlocks[number] as number;
    return joiner.add(base, value, at, at + length) ? length : -1;
  }

  #valueOf(item: number): Buffer {
    return this.#values[this.#items[item * STRIDE] as number] as Buffer;
  }

  #grow(): void {
    const items = new Int32Array(this.#items.length * 2);
    items.set(this.#items);
    this.#items = items;
  }
}
