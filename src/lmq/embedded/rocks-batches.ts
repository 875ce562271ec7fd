import type { StoreError } from '../../common/errors.ts';
import type { KvBatch } from './kv-batch.ts';
import type { RocksChainedBatch, RocksDatabase } from './rocks-database.ts';

/** Batches that wait to be filled again: one is filled while another is written. */
const MOST_KEPT = 2;
/** A batch that has held more is not used again: its memory would stay. */
const MOST_BYTES_KEPT = 8 * 1024 * 1024;
/** Uses of a batch, so that the memory of a burst does not stay for good. */
const MOST_USES = 1024;

/**
 * The batches of one database. A batch of the package is a buffer that grows to the size of its commit, and that the
 * garbage collector alone gives back, many commits later. So one that has been written is emptied and filled again, in
 * memory that the caches still hold (ADR 971).
 */
export class RocksBatches {
  readonly #database: RocksDatabase;
  readonly #toStoreError: (error: Error) => StoreError;
  readonly #kept: BatchMemory[] = [];

  constructor(database: RocksDatabase, toStoreError: (error: Error) => StoreError) {
    this.#database = database;
    this.#toStoreError = toStoreError;
  }

  /** An empty batch. */
  begin(): KvBatch {
    const memory = this.#kept.pop() ?? new BatchMemory(this.#database.batch());
    return new RocksBatch(memory, (error) => {
      if (this.#kept.length < MOST_KEPT && memory.renew()) this.#kept.push(memory);
      return error ? this.#toStoreError(error) : undefined;
    });
  }
}

/** A batch of the package, for one `RocksBatch` after another. */
class BatchMemory {
  readonly batch: RocksChainedBatch;
  /** Of keys and values, since it was empty. */
  bytes = 0;
  #uses = 0;

  constructor(batch: RocksChainedBatch) {
    this.batch = batch;
  }

  /** Empties it when it has been written; false when it is not to be used again. */
  renew(): boolean {
    const { batch } = this;
    this.#uses++;
    // The package refuses a second use by this flag alone. A version without it has nothing that could be renewed.
    if (batch._written !== true || this.bytes > MOST_BYTES_KEPT || this.#uses >= MOST_USES)
      return false;
    batch._written = false;
    batch.clear();
    this.bytes = 0;
    return true;
  }
}

class RocksBatch implements KvBatch {
  /** undefined when this is written: it is another's then. */
  #memory: BatchMemory | undefined;
  readonly #settle: (error: Error | null | undefined) => StoreError | undefined;
  #size = 0;

  /** @param settle gives the memory back; returns the error for the caller of `write` */
  constructor(
    memory: BatchMemory,
    settle: (error: Error | null | undefined) => StoreError | undefined,
  ) {
    this.#memory = memory;
    this.#settle = settle;
  }

  get size(): number {
    return this.#size;
  }

  put(key: Buffer, value: Buffer): void {
    const memory = this.#open();
    memory.batch.put(key, value);
    memory.bytes += key.length + value.length;
    this.#size++;
  }

  del(key: Buffer): void {
    const memory = this.#open();
    memory.batch.del(key);
    memory.bytes += key.length;
    this.#size++;
  }

  write(sync: boolean, callback: (error: StoreError | undefined) => void): boolean {
    const { batch } = this.#open();
    this.#memory = undefined;
    batch.write({ sync }, (error) => {
      callback(this.#settle(error));
    });
    return false;
  }

  #open(): BatchMemory {
    if (this.#memory === undefined) throw new Error('write() was called on this batch');
    return this.#memory;
  }
}
