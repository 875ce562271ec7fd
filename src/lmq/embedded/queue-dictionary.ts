import type { QueueName } from '../spi/types.ts';
import { type CommitPart, type CommitTrigger, PartOfCommit } from './commit-part.ts';
import { corrupt } from './corrupt.ts';
import type { KvBatch } from './kv-batch.ts';
import type { KvEngine } from './kv-engine.ts';
import { decodeId, encodeId, idKey, nameKey } from './layout/v1/name-key.ts';
import type { LmqQueue } from './lmq-queue.ts';

/** Bytes that an entry's keys and values take beside the name, twice. */
const ENTRY_BYTES = 16;

/** Queue names and their ids. An id is used once and never again. */
export class QueueDictionary implements CommitPart {
  readonly #engine: KvEngine;
  readonly #trigger: CommitTrigger;
  #nextId = 1;
  /** Named by no commit yet. */
  #unwritten: LmqQueue[] = [];
  #sealed: LmqQueue[] = [];
  /** Names that the open commit or the one in flight removes. */
  readonly #forgotten = new Set<QueueName>();

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

  /** Gives a new queue its id; the next commit that is written names it. */
  assign(queue: LmqQueue): void {
    queue.id = this.#nextId++;
    this.#unwritten.push(queue);
    this.#trigger.touch(2 * (queue.name.length + ENTRY_BYTES), PartOfCommit.DICTIONARY);
  }

  seal(): void {
    this.#sealed = this.#unwritten;
    this.#unwritten = [];
  }

  fill(batch: KvBatch): void {
    for (const { name, id } of this.#sealed) {
      batch.put(nameKey(name), encodeId(id));
      batch.put(idKey(id), Buffer.from(name));
    }
  }

  settle(isDurable: boolean): void {
    if (isDurable) for (const queue of this.#sealed) queue.isNamed = true;
    this.#sealed = [];
  }
}
