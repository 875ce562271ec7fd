import type { QueueName } from '../spi/types.ts';
import { type CommitPart, type CommitTrigger, PartOfCommit } from './commit-part.ts';
import type { KvBatch } from './kv-batch.ts';
import { type KvEngine, SOME_BYTES } from './kv-engine.ts';
import { indexKey } from './layout/v1/index-key.ts';
import { Keyspace, keyspaceRange } from './layout/v1/keyspace.ts';
import { idKey, nameKey } from './layout/v1/name-key.ts';
import { queueOfOffsetKey } from './layout/v1/offset-key.ts';
import type { QueueDictionary } from './queue-dictionary.ts';
import type { QueueTable } from './queue-table.ts';

export interface DeadQueue {
  readonly id: number;
  readonly name: QueueName;
  /** First offset of its last index entry, whose records are expired; undefined when it has none. */
  readonly lastEntry: number | undefined;
}

/** Queues removed in one go at most; the rest is for a later round. */
const MAX_DEAD_QUEUES = 10_000;

/**
 * Removes queues of which nothing is left: no record, nobody in memory who knows it, no consumer's offset.
 * A queue of that name that comes later is a new one.
 */
export class DeadQueues implements CommitPart {
  readonly #engine: KvEngine;
  readonly #trigger: CommitTrigger;
  readonly #queues: QueueTable;
  readonly #dictionary: QueueDictionary;
  readonly #candidates = new Map<number, DeadQueue>();
  readonly #candidateIds = new Map<QueueName, number>();
  #open: DeadQueue[] = [];
  #sealed: DeadQueue[] = [];

  constructor(
    engine: KvEngine,
    trigger: CommitTrigger,
    queues: QueueTable,
    dictionary: QueueDictionary,
  ) {
    this.#engine = engine;
    this.#trigger = trigger;
    this.#queues = queues;
    this.#dictionary = dictionary;
    // whoever touches a queue saves it
    queues.onLoad = (name) => {
      const id = this.#candidateIds.get(name);
      if (id !== undefined) this.#spare(id);
    };
  }

  /** Notes a queue that seems to be dead. */
  suspect(queue: DeadQueue): void {
    if (this.#candidates.size === MAX_DEAD_QUEUES || this.#queues.has(queue.name)) return;
    if (queue.id === this.#dictionary.lastId) return;
    this.#candidates.set(queue.id, queue);
    this.#candidateIds.set(queue.name, queue.id);
  }

  /** Removes the suspects that no consumer has an offset in. */
  async bury(): Promise<void> {
    if (this.#candidates.size === 0) return;
    const offsets = this.#engine.scan(keyspaceRange(Keyspace.OFFSET), SOME_BYTES);
    for await (const { key } of offsets) this.#spare(queueOfOffsetKey(key));
    for (const queue of this.#candidates.values()) {
      this.#dictionary.forget(queue.name);
      this.#open.push(queue);
      this.#trigger.touch(2 * queue.name.length, PartOfCommit.DEAD_QUEUES);
    }
    this.#candidates.clear();
    this.#candidateIds.clear();
  }

  seal(): void {
    this.#sealed = this.#open;
    this.#open = [];
  }

  fill(batch: KvBatch): void {
    for (const { id, name, lastEntry } of this.#sealed) {
      batch.del(nameKey(name));
      batch.del(idKey(id));
      if (lastEntry !== undefined) batch.del(indexKey(id, lastEntry));
    }
  }

  settle(): void {
    for (const { name } of this.#sealed) this.#dictionary.forgotten(name);
    this.#sealed = [];
  }

  #spare(id: number): void {
    const queue = this.#candidates.get(id);
    if (queue === undefined) return;
    this.#candidates.delete(id);
    this.#candidateIds.delete(queue.name);
  }
}
