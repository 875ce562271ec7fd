import { corrupt } from './corrupt.ts';
import { FEW_BYTES, type KvEngine, type KvEntry } from './kv-engine.ts';
import { indexKey, offsetOfIndexKey } from './layout/v1/index-key.ts';
import {
  decodeIndexEntry,
  entryEnd,
  firstLiveOffset,
  lastBlock,
  type IndexEntry,
} from './layout/v1/index-entry.ts';
import type { RecentIndex } from './recent-index.ts';

/** Entries that a search for the first live record walks before it bisects. */
const LIVE_SCAN_STEPS = 32;

/**
 * The index entries of queues: those on disk, and behind them those that are not joined yet. What is on disk from the
 * first one of these on is not looked at, it may come from a join that is under way.
 */
export class QueueIndex {
  readonly #engine: KvEngine;
  readonly #recent: RecentIndex;

  constructor(engine: KvEngine, recent: RecentIndex) {
    this.#engine = engine;
    this.#recent = recent;
  }

  /** Whether a queue has entries that are not joined. */
  isRecent(queueId: number): boolean {
    return this.#recent.has(queueId);
  }

  /** Resolves when `stored` has all entries as of now, or the store stops. */
  join(): Promise<void> {
    return this.#recent.join();
  }

  /** The newest entry of a queue. */
  async last(queueId: number): Promise<IndexEntry | undefined> {
    const recent = this.#recent.of(queueId).before(Infinity);
    if (recent !== undefined) return recent;
    const range = { gte: indexKey(queueId, 0), lt: indexKey(queueId + 1, 0), reverse: true };
    const [found] = await this.#engine.read(range, 1);
    return found === undefined ? undefined : this.decode(queueId, found);
  }

  /** The oldest entry of a queue. */
  async first(queueId: number): Promise<IndexEntry | undefined> {
    const recent = this.#recent.of(queueId);
    const [found] = await this.stored(queueId, queueId, 1);
    if (found === undefined) return recent.first();
    const entry = this.decode(queueId, found);
    return entry.firstOffset < recent.firstOffset ? entry : recent.first();
  }

  /** The first entries of the queues from one to another as they are stored, for `decode`; without those not joined. */
  stored(firstQueueId: number, lastQueueId: number, limit: number): Promise<KvEntry[]> {
    const range = { gte: indexKey(firstQueueId, 0), lt: indexKey(lastQueueId + 1, 0) };
    return this.#engine.read(range, limit);
  }

  /** The newest entry that begins at `offset` or before. */
  async before(queueId: number, offset: number): Promise<IndexEntry | undefined> {
    const recent = this.#recent.of(queueId).before(offset);
    if (recent !== undefined) return recent;
    const range = { gte: indexKey(queueId, 0), lte: indexKey(queueId, offset), reverse: true };
    const [found] = await this.#engine.read(range, 1);
    return found === undefined ? undefined : this.decode(queueId, found);
  }

  /** The entries that begin at `offset` or later, in order. */
  async *from(queueId: number, offset: number): AsyncGenerator<IndexEntry> {
    const recent = this.#recent.of(queueId);
    if (recent.firstOffset > offset) {
      const range = { gte: indexKey(queueId, offset), lt: endKey(queueId, recent.firstOffset) };
      for await (const found of this.#engine.scan(range, FEW_BYTES)) {
        yield this.decode(queueId, found);
      }
    }
    yield* recent.from(offset);
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
    const recent = this.#recent.of(queueId);
    const range = { gte: indexKey(queueId, from), lt: endKey(queueId, recent.firstOffset) };
    const page = recent.firstOffset > from ? await this.#engine.read(range, LIVE_SCAN_STEPS) : [];
    let end = maxOffset;
    for (const found of page) {
      const entry = this.decode(queueId, found);
      if (lastBlock(entry) >= start) return Math.max(from, firstLiveOffset(entry, start));
      end = entryEnd(entry);
    }
    if (page.length === LIVE_SCAN_STEPS) return this.#searchLive(queueId, end, maxOffset, start);
    for (const entry of recent.from(from)) {
      if (lastBlock(entry) >= start) return Math.max(from, firstLiveOffset(entry, start));
    }
    return maxOffset;
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

/** Behind the keys of a queue's entries that begin before `offset`. */
function endKey(queueId: number, offset: number): Buffer {
  return offset === Infinity ? indexKey(queueId + 1, 0) : indexKey(queueId, offset);
}
