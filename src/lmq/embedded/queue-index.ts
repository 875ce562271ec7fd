import { corrupt } from './corrupt.ts';
import type { KvEngine, KvEntry } from './kv-engine.ts';
import { indexKey, offsetOfIndexKey } from './layout/v1/index-key.ts';
import {
  decodeIndexEntry,
  entryEnd,
  firstLiveOffset,
  lastBlock,
  type IndexEntry,
} from './layout/v1/index-entry.ts';

/** Entries that a search for the first live record walks before it bisects. */
const LIVE_SCAN_STEPS = 32;

/** The index entries of queues on disk. */
export class QueueIndex {
  readonly #engine: KvEngine;

  constructor(engine: KvEngine) {
    this.#engine = engine;
  }

  /** The newest entry of a queue. */
  async last(queueId: number): Promise<IndexEntry | undefined> {
    const range = { gte: indexKey(queueId, 0), lt: indexKey(queueId + 1, 0), reverse: true };
    const [found] = await this.#engine.read(range, 1);
    return found === undefined ? undefined : this.decode(queueId, found);
  }

  /** The oldest entry of a queue. */
  async first(queueId: number): Promise<IndexEntry | undefined> {
    const [found] = await this.stored(queueId, queueId, 1);
    return found === undefined ? undefined : this.decode(queueId, found);
  }

  /** The first entries of the queues from one to another as they are stored, for `decode`. */
  stored(firstQueueId: number, lastQueueId: number, limit: number): Promise<KvEntry[]> {
    const range = { gte: indexKey(firstQueueId, 0), lt: indexKey(lastQueueId + 1, 0) };
    return this.#engine.read(range, limit);
  }

  /** The newest entry that begins at `offset` or before. */
  async before(queueId: number, offset: number): Promise<IndexEntry | undefined> {
    const range = { gte: indexKey(queueId, 0), lte: indexKey(queueId, offset), reverse: true };
    const [found] = await this.#engine.read(range, 1);
    return found === undefined ? undefined : this.decode(queueId, found);
  }

  /** The entries that begin at `offset` or later, in order. */
  async *from(queueId: number, offset: number): AsyncGenerator<IndexEntry> {
    const range = { gte: indexKey(queueId, offset), lt: indexKey(queueId + 1, 0) };
    for await (const found of this.#engine.scan(range)) yield this.decode(queueId, found);
  }

  /**
   * The first offset from `from` on whose record lies in block `start` or later, for a queue that ends at
   * `maxOffset`; `maxOffset` when there is none.
   */
  async firstLive(
    queueId: number,
    from: number,
    maxOffset: number,
    start: number,
  ): Promise<number> {
    const holder = await this.before(queueId, from);
    if (holder !== undefined && lastBlock(holder) >= start) {
      return Math.max(from, firstLiveOffset(holder, start));
    }
    const range = { gte: indexKey(queueId, from), lt: indexKey(queueId + 1, 0) };
    const page = await this.#engine.read(range, LIVE_SCAN_STEPS);
    let end = maxOffset;
    for (const found of page) {
      const entry = this.decode(queueId, found);
      if (lastBlock(entry) >= start) return Math.max(from, firstLiveOffset(entry, start));
      end = entryEnd(entry);
    }
    return page.length < LIVE_SCAN_STEPS
      ? maxOffset
      : this.#searchLive(queueId, end, maxOffset, start);
  }

  /** The same by bisection; all offsets up to `maxOffset` have index entries, but those that the sweep removes. */
  async #searchLive(
    queueId: number,
    from: number,
    maxOffset: number,
    start: number,
  ): Promise<number> {
    let low = from;
    let high = maxOffset;
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      const entry = await this.before(queueId, middle);
      if (entry === undefined || entryEnd(entry) <= middle) {
        const oldest = await this.first(queueId);
        if (oldest !== undefined && oldest.firstOffset > middle) {
          low = oldest.firstOffset;
          continue;
        }
        throw corrupt(
          this.#engine.directory,
          `queue ${String(queueId)} has no index entry for offset ${String(middle)}`,
        );
      }
      if (lastBlock(entry) < start) low = entryEnd(entry);
      else {
        const live = firstLiveOffset(entry, start);
        if (live > entry.firstOffset) return live;
        high = entry.firstOffset;
      }
    }
    return low;
  }

  decode(queueId: number, { key, value }: KvEntry): IndexEntry {
    const firstOffset = offsetOfIndexKey(key);
    const entry = decodeIndexEntry(firstOffset, value);
    if (entry === undefined || Number.isNaN(firstOffset)) {
      throw corrupt(
        this.#engine.directory,
        `index entry of queue ${String(queueId)} at offset ${String(firstOffset)}`,
      );
    }
    return entry;
  }
}
