import { corrupt } from './corrupt.ts';
import type { IndexEntry } from './layout/v1/index-entry.ts';
import type { RecentGeneration } from './recent-generation.ts';

interface Item {
  readonly generation: RecentGeneration;
  readonly item: number;
}

/** The entries of one queue that are not joined, as of the moment at which this was made. */
export class RecentQueue {
  readonly #directory: string;
  readonly #queueId: number;
  /** Oldest first. */
  readonly #items: readonly Item[];

  /** @param generations the newest first */
  constructor(directory: string, queueId: number, generations: readonly RecentGeneration[]) {
    this.#directory = directory;
    this.#queueId = queueId;
    const items: Item[] = [];
    for (const generation of generations) {
      let item = generation.newest(queueId);
      for (; item !== -1; item = generation.previous(item)) items.push({ generation, item });
    }
    this.#items = items.reverse();
  }

  get isEmpty(): boolean {
    return this.#items.length === 0;
  }

  /** Where the first entry begins; Infinity when there is none. What is on disk from there on does not count. */
  get firstOffset(): number {
    const [first] = this.#items;
    return first === undefined ? Infinity : first.generation.firstOffset(first.item);
  }

  /** The first entry. */
  first(): IndexEntry | undefined {
    return this.#entry(0);
  }

  /** The newest entry that begins at `offset` or before. */
  before(offset: number): IndexEntry | undefined {
    return this.#entry(this.#indexOf(offset + 1) - 1);
  }

  /** The entries that begin at `offset` or later, in order. */
  *from(offset: number): Generator<IndexEntry> {
    for (let i = this.#indexOf(offset); i < this.#items.length; i++) {
      yield this.#entry(i) as IndexEntry;
    }
  }

  /** Index of the first entry that begins at `offset` or later. */
  #indexOf(offset: number): number {
    let low = 0;
    let high = this.#items.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const { generation, item } = this.#items[middle] as Item;
      if (generation.firstOffset(item) < offset) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #entry(index: number): IndexEntry | undefined {
    const found = this.#items[index];
    if (found === undefined) return undefined;
    const entry = found.generation.entry(found.item);
    if (entry !== undefined) return entry;
    throw corrupt(this.#directory, `a recent index entry of queue ${String(this.#queueId)}`);
  }
}
