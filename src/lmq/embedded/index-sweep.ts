import type { QueueName } from '../spi/types.ts';
import { corrupt } from './corrupt.ts';
import type { DeadQueues } from './dead-queues.ts';
import type { ExpiredEntries } from './expired-entries.ts';
import type { KvEngine, KvEntry } from './kv-engine.ts';
import { indexKey, queueOfIndexKey } from './layout/v1/index-key.ts';
import { Keyspace, keyspaceRange } from './layout/v1/keyspace.ts';
import { entryEnd, firstLiveOffset, lastBlock, type IndexEntry } from './layout/v1/index-entry.ts';
import { idKey, idOfIdKey } from './layout/v1/name-key.ts';
import type { LogBounds } from './log-bounds.ts';
import type { QueueIndex } from './queue-index.ts';
import type { QueueMinimum } from './queue-minimum.ts';
import type { QueueTable } from './queue-table.ts';

/** Queues looked at in one pass, and how many are read at once. */
const QUEUES_PER_PASS = 5_000;
const PAGE = 500;
/**
 * Queues worked at side by side, and the entries that are read for all of them at once: each read begins an iterator and
 * wakes a thread from the one that serves, which costs as much as a dozen messages (ADR 711).
 */
const AT_ONCE = 16;
const ENTRIES = 128;
/** Index entries deleted in one step. */
const CLEAR_STEP = 10_000;

interface Queue {
  readonly id: number;
  readonly name: QueueName;
}

/**
 * Deletes index entries whose records are expired, queue by queue, and finds where open queues begin. The
 * newest entry of a queue stays even then: it says where the queue goes on.
 */
export class IndexSweep {
  readonly #engine: KvEngine;
  readonly #bounds: LogBounds;
  readonly #index: QueueIndex;
  readonly #queues: QueueTable;
  readonly #minimum: QueueMinimum;
  readonly #dead: DeadQueues;
  readonly #expired: ExpiredEntries;
  /** The queue to go on with. */
  #nextId = 0;
  /** Start of the log that the round under way, or the last one, goes by. */
  #roundStart = 0;

  constructor(
    engine: KvEngine,
    bounds: LogBounds,
    index: QueueIndex,
    queues: QueueTable,
    minimum: QueueMinimum,
    dead: DeadQueues,
    expired: ExpiredEntries,
  ) {
    this.#engine = engine;
    this.#bounds = bounds;
    this.#index = index;
    this.#queues = queues;
    this.#minimum = minimum;
    this.#dead = dead;
    this.#expired = expired;
  }

  /** Goes on where the last call ended; a round begins when the log's start has moved since the last one. */
  async run(isStopping: () => boolean): Promise<void> {
    if (this.#nextId === 0) {
      if (this.#roundStart === this.#bounds.start.block) return;
      this.#roundStart = this.#bounds.start.block;
      // From here on all entries that are not joined are of blocks behind the start.
      await this.#index.join();
    }
    for (let seen = 0; seen < QUEUES_PER_PASS; seen += PAGE) {
      const { lt } = keyspaceRange(Keyspace.ID_TO_NAME);
      const page = await this.#engine.read({ gte: idKey(this.#nextId), lt }, PAGE);
      for (let at = 0; at < page.length; at += AT_ONCE) {
        if (isStopping()) return;
        await this.#sweepQueues(page.slice(at, at + AT_ONCE));
      }
      if (page.length < PAGE) {
        this.#nextId = 0;
        return this.#dead.bury();
      }
    }
  }

  async #sweepQueues(entries: readonly KvEntry[]): Promise<void> {
    const queues = entries.map(({ key, value }) => ({
      id: idOfIdKey(key),
      name: value.toString() as QueueName,
    }));
    const lastId = queues.at(-1)?.id ?? 0;
    for (let at = 0; ;) {
      const first = queues[at];
      if (first === undefined) break;
      const found = await this.#index.stored(first.id, lastId, ENTRIES);
      const perQueue = byQueue(found);
      // where the entries were cut off; the queues before have no others
      const cut =
        found.length < ENTRIES ? Infinity : queueOfIndexKey((found.at(-1) as KvEntry).key);
      const seen = queues.slice(at).filter(({ id }) => id <= cut);
      await Promise.all(
        seen.map((queue) => this.#workAt(queue, perQueue.get(queue.id) ?? [], queue.id < cut)),
      );
      at += seen.length;
    }
    this.#nextId = lastId + 1;
  }

  async #workAt(queue: Queue, found: readonly KvEntry[], isWhole: boolean): Promise<void> {
    const start = this.#roundStart;
    const live = await this.#sweepQueue(queue, found, isWhole, start);
    const open = this.#queues.findOpen(queue.name);
    if (open?.hasMinimum !== true) return;
    if (live === undefined) await this.#minimum.find(open);
    else this.#minimum.note(open, live, start);
  }

  /**
   * @param found its first entries
   * @param isWhole there are no others
   * @returns the first offset whose record is in block `start` or later; undefined when the queue has no entry
   */
  async #sweepQueue(
    { id, name }: Queue,
    found: readonly KvEntry[],
    isWhole: boolean,
    start: number,
  ): Promise<number | undefined> {
    let last: IndexEntry | undefined;
    for (const [i, entry] of found.entries()) {
      const decoded = this.#index.decode(id, entry);
      if (lastBlock(decoded) >= start) {
        if (i > 0) await this.#expired.delete(found.slice(0, i));
        return firstLiveOffset(decoded, start);
      }
      last = decoded;
    }
    if (last === undefined) {
      if (!this.#index.isRecent(id)) this.#dead.suspect({ id, name, lastEntry: undefined });
      return undefined;
    }
    let keep = last;
    if (!isWhole) {
      keep = await this.#findKept(id, last, start);
      await this.#clearBefore(id, keep);
    } else if (found.length > 1) {
      await this.#expired.delete(found.slice(0, -1));
    }
    if (lastBlock(keep) >= start) return firstLiveOffset(keep, start);
    if (!this.#index.isRecent(id)) {
      this.#dead.suspect({ id, name, lastEntry: keep.firstOffset });
    }
    return entryEnd(keep);
  }

  /** The entry that holds the first live record behind `expired`; the newest one when none is live. */
  async #findKept(id: number, expired: IndexEntry, start: number): Promise<IndexEntry> {
    const newest = await this.#index.last(id);
    if (newest === undefined) throw this.#corrupt(id);
    if (newest.firstOffset <= expired.firstOffset) return newest;
    const end = newest.firstOffset;
    const live = await this.#index.firstLive(id, entryEnd(expired), end, start);
    const kept = await this.#index.before(id, live);
    if (kept === undefined) throw this.#corrupt(id);
    return kept;
  }

  /** Deletes the entries of a queue that lie before one of its entries. */
  async #clearBefore(id: number, { firstOffset }: IndexEntry): Promise<void> {
    const range = { gte: indexKey(id, 0), lt: indexKey(id, firstOffset) };
    for (;;) {
      await this.#engine.clear(range, CLEAR_STEP);
      const oldest = await this.#index.first(id);
      if (oldest === undefined || oldest.firstOffset >= firstOffset) return;
    }
  }

  #corrupt(id: number): Error {
    return corrupt(this.#engine.directory, `index of queue ${String(id)}`);
  }
}

function byQueue(entries: readonly KvEntry[]): Map<number, KvEntry[]> {
  const perQueue = new Map<number, KvEntry[]>();
  for (const entry of entries) {
    const id = queueOfIndexKey(entry.key);
    const group = perQueue.get(id);
    if (group === undefined) perQueue.set(id, [entry]);
    else group.push(entry);
  }
  return perQueue;
}
