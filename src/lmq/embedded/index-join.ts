import { corrupt } from './corrupt.ts';
import type { KvBatch } from './kv-batch.ts';
import { INDEX_KEY_BYTES, writeIndexKey } from './layout/v1/index-key.ts';
import { EntryJoiner } from './layout/v1/joined-entry.ts';
import { recentKey } from './layout/v1/recent-key.ts';
import type { RecentGeneration } from './recent-generation.ts';

/** What an item takes beside its entry, about: id, offset, length. */
const HEAD_BYTES = 5;

/**
 * Writes the entries of a generation to the index, joined for each queue, a slice in each commit. The values that
 * the entries come from are deleted with the last slice: what a crash has cut off is joined again from the
 * beginning, to the same keys.
 */
export class IndexJoin {
  readonly generation: RecentGeneration;
  readonly #directory: string;
  readonly #joiner = new EntryJoiner();
  readonly #key = Buffer.alloc(INDEX_KEY_BYTES);
  #slot = 0;
  #queueId = 0;
  /** Items of the queue, oldest first, and the next one to write. */
  #items: number[] = [];
  #next = 0;
  #isComplete = false;

  constructor(directory: string, generation: RecentGeneration) {
    this.#directory = directory;
    this.generation = generation;
  }

  /** Everything is in a batch. */
  get isComplete(): boolean {
    return this.#isComplete;
  }

  /** Adds the next slice to a batch: what takes so many bytes in the generation, or a little more. */
  write(batch: KvBatch, bytes: number): void {
    for (let left = bytes; left > 0;) {
      if (this.#next === this.#items.length && !this.#nextQueue()) {
        for (const block of this.generation.firstBlocks) batch.del(recentKey(block));
        this.#isComplete = true;
        return;
      }
      left -= this.#writeEntry(batch);
    }
  }

  #nextQueue(): boolean {
    const { queues } = this.generation;
    while (this.#slot < queues.slots) {
      const slot = this.#slot++;
      const id = queues.idAt(slot);
      if (id === 0) continue;
      this.#queueId = id;
      this.#items.length = 0;
      let item = queues.headAt(slot);
      for (; item !== -1; item = this.generation.previous(item)) this.#items.push(item);
      this.#items.reverse();
      this.#next = 0;
      return true;
    }
    return false;
  }

  /** @returns bytes that its items take, head included */
  #writeEntry(batch: KvBatch): number {
    const { generation } = this;
    const joiner = this.#joiner;
    const items = this.#items;
    writeIndexKey(this.#key, this.#queueId, generation.firstOffset(items[this.#next] as number));
    joiner.begin();
    let bytes = 0;
    while (this.#next < items.length) {
      const joined = generation.joinTo(joiner, items[this.#next] as number);
      if (joined === 0) break;
      if (joined === -1) {
        const what = `a recent index entry of queue ${String(this.#queueId)}`;
        throw corrupt(this.#directory, what);
      }
      bytes += joined + HEAD_BYTES;
      this.#next++;
    }
    batch.put(this.#key, joiner.finish());
    return bytes;
  }
}
