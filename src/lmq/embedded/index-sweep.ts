import type { QueueName } from '../spi/types.ts';
import { corrupt } from './corrupt.ts';
import type { DeadQueues } from './dead-queues.ts';
import type { KvEngine, KvEntry } from './kv-engine.ts';
import { indexKey } from './layout/v1/index-key.ts';
import { Keyspace, keyspaceRange } from './layout/v1/keyspace.ts';
import { lastBlock } from './layout/v1/index-entry.ts';
import { idKey, idOfIdKey } from './layout/v1/name-key.ts';
import type { LogBounds } from './log-bounds.ts';
import type { QueueIndex } from './queue-index.ts';
import type { QueueMinimum } from './queue-minimum.ts';
import type { QueueTable } from './queue-table.ts';

/** Queues looked at in one pass, and how many are read at once. */
const QUEUES_PER_PASS = 5_000;
const PAGE = 500;
/**
 * Queues worked at side by side: under load each read takes a turn of the event loop, and one after the other
 * they would take longer than what they are for takes to grow.
 */
const AT_ONCE = 16;
/** Index entries deleted in one step. */
const CLEAR_STEP = 10_000;

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
  ) {
    this.#engine = engine;
    this.#bounds = bounds;
    this.#index = index;
    this.#queues = queues;
    this.#minimum = minimum;
    this.#dead = dead;
  }

  /** Goes on where the last call ended; a round begins when the log's start has moved since the last one. */
  async run(isStopping: () => boolean): Promise<void> {
    if (this.#nextId === 0) {
      if (this.#roundStart === this.#bounds.start.block) return;
      this.#roundStart = this.#bounds.start.block;
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
    const ids = entries.map(({ key }) => idOfIdKey(key));
    await Promise.all(
      entries.map(({ value }, i) => this.#workAt(ids[i] as number, value.toString() as QueueName)),
    );
    this.#nextId = (ids.at(-1) as number) + 1;
  }

  async #workAt(id: number, name: QueueName): Promise<void> {
    await this.#sweepQueue(id, name);
    const queue = this.#queues.findOpen(name);
    if (queue?.hasMinimum === true) await this.#minimum.find(queue);
  }

  async #sweepQueue(id: number, name: QueueName): Promise<void> {
    const start = this.#roundStart;
    const oldest = await this.#index.first(id);
    if (oldest === undefined) {
      this.#dead.suspect({ id, name, lastEntry: undefined });
      return;
    }
    if (lastBlock(oldest) >= start) return;
    const newest = await this.#index.last(id);
    if (newest === undefined) throw corrupt(this.#engine.directory, `index of queue ${String(id)}`);
    if (newest.firstOffset > oldest.firstOffset) {
      const { firstOffset } = oldest;
      const live = await this.#index.firstLive(id, firstOffset, newest.firstOffset, start);
      await this.#clearBefore(id, live);
    }
    if (lastBlock(newest) < start) {
      this.#dead.suspect({ id, name, lastEntry: newest.firstOffset });
    }
  }

  /** Deletes the entries of a queue before the one that holds `offset`. */
  async #clearBefore(id: number, offset: number): Promise<void> {
    const keep = await this.#index.before(id, offset);
    if (keep === undefined) throw corrupt(this.#engine.directory, `index of queue ${String(id)}`);
    for (;;) {
      const oldest = await this.#index.first(id);
      if (oldest === undefined || oldest.firstOffset >= keep.firstOffset) return;
      const range = { gte: indexKey(id, 0), lt: indexKey(id, keep.firstOffset) };
      await this.#engine.clear(range, CLEAR_STEP);
    }
  }
}
