import type { QueueName } from '../spi/types.ts';
import type { CommitPart, CommitTrigger } from './commit-part.ts';
import { corrupt } from './corrupt.ts';
import type { KvBatch, KvEngine } from './kv-engine.ts';
import { decodeId, encodeId, idKey, nameKey } from './layout/v1/name-key.ts';
import type { LmqQueue } from './lmq-queue.ts';

/** Bytes that an entry's keys and values take beside the name, twice. */
const ENTRY_BYTES = 16;

/** Queue names and their ids. An id is used once and never again. */
export class QueueDictionary implements CommitPart {
  readonly #engine: KvEngine;
  readonly #trigger: CommitTrigger;
  #nextId = 1;
  /** Named by no batch yet. */
  #unwritten: LmqQueue[] = [];
  #sealed: LmqQueue[] = [];
  /** Names that the open commit or the one in flight removes. */
  readonly #forgotten = new Set<QueueName>();
  /** A commit is sealed whose batch is not built yet. */
  #willFill = false;

  constructor(engine: KvEngine, trigger: CommitTrigger) {
    this.#engine = engine;
    this.#trigger = trigger;
  }

  /** Goes on behind the ids on disk. */
  restore(nextId: number): void {
    this.#nextId = nextId;
  }

  /** Ids of durable names; undefined for a new name. */
  async find(names: readonly QueueName[]): Promise<(number | undefined)[]> {
    const isForgotten = names.map((name) => this.#forgotten.has(name));
    const values = await this.#engine.getMany(names.map(nameKey));
    return values.map((value, index) => {
      if (value === undefined || isForgotten[index]) return undefined;
      const id = decodeId(value);
      if (Number.isNaN(id)) {
        throw corrupt(this.#engine.directory, `no id for queue ${String(names[index])}`);
      }
      return id;
    });
  }

  /** The newest id. */
  get lastId(): number {
    return this.#nextId - 1;
  }

  /** From now on the name is unknown: its entry will be removed by the open commit. */
  forget(name: QueueName): void {
    this.#forgotten.add(name);
  }

  /** The entry is removed. */
  forgotten(name: QueueName): void {
    this.#forgotten.delete(name);
  }

  /** Gives a new queue its id; the next batch that is built names it. */
  assign(queue: LmqQueue): void {
    queue.id = this.#nextId++;
    this.#unwritten.push(queue);
    if (!this.#willFill) this.#trigger.touch(2 * (queue.name.length + ENTRY_BYTES));
  }

  seal(): void {
    // ids that are given until `fill` are in the batch too: an index entry never comes before its name
    this.#willFill = true;
  }

  fill(batch: KvBatch): void {
    this.#willFill = false;
    if (this.#unwritten.length === 0) return;
    this.#sealed = this.#unwritten;
    this.#unwritten = [];
    for (const { name, id } of this.#sealed) {
      batch.put(nameKey(name), encodeId(id));
      batch.put(idKey(id), Buffer.from(name));
    }
  }

  settle(isDurable: boolean): void {
    this.#willFill = false;
    if (this.#sealed.length === 0) return;
    if (isDurable) for (const queue of this.#sealed) queue.isNamed = true;
    this.#sealed = [];
  }
}
