import type { StoreError } from '../../common/errors.ts';
import type { Journal } from './journal.ts';
import type { KvBatch } from './kv-batch.ts';
import type { KvEngine } from './kv-engine.ts';

/** Told when a batch is durable, or has failed. */
export type Written = (error: StoreError | undefined) => void;

/** A batch that goes to the engine behind what is in the journal. */
export class PlainBatch implements KvBatch {
  readonly #batch: KvBatch;
  readonly #write: (batch: KvBatch, isSync: boolean, done: Written) => void;
  #size = 0;

  constructor(batch: KvBatch, write: (batch: KvBatch, isSync: boolean, done: Written) => void) {
    this.#batch = batch;
    this.#write = write;
  }

  get size(): number {
    return this.#size;
  }

  put(key: Buffer, value: Buffer): void {
    this.#size++;
    this.#batch.put(key, value);
  }

  del(key: Buffer): void {
    this.#size++;
    this.#batch.del(key);
  }

  write(isSync: boolean, callback: Written): boolean {
    this.#write(this.#batch, isSync, callback);
    return false;
  }
}

/** Where a commit goes. */
export interface CommitWriter {
  /** Makes the open entry of the journal durable; false when that is not possible. */
  writeToJournal(): boolean;
  /** Writes a batch that holds all that waits in the journal. */
  write(batch: KvBatch, bytes: number, isSync: boolean, done: Written): void;
  /** Told the size of each commit before it is written. */
  count(bytes: number): void;
}

/** Collects its writes in the journal; one that becomes too large for it turns to the engine. */
export class CommitBatch implements KvBatch {
  readonly #journal: Journal;
  readonly #engine: KvEngine;
  readonly #writer: CommitWriter;
  #batch: KvBatch | undefined;
  #size = 0;
  #bytes = 0;

  /** @param maxEntryBytes up to which it shall go to the journal; 0 for the engine however small it is */
  constructor(journal: Journal, engine: KvEngine, writer: CommitWriter, maxEntryBytes: number) {
    this.#journal = journal;
    this.#engine = engine;
    this.#writer = writer;
    journal.begin(maxEntryBytes);
    if (maxEntryBytes === 0) this.#forEngine();
  }

  get size(): number {
    return this.#size;
  }

  put(key: Buffer, value: Buffer): void {
    this.#size++;
    this.#bytes += key.length + value.length;
    if (this.#batch === undefined && this.#journal.add(key, value)) return;
    this.#forEngine().put(key, value);
  }

  del(key: Buffer): void {
    this.#size++;
    this.#bytes += key.length;
    if (this.#batch === undefined && this.#journal.add(key, undefined)) return;
    this.#forEngine().del(key);
  }

  write(isSync: boolean, callback: Written): boolean {
    this.#writer.count(this.#bytes);
    if (this.#batch === undefined && !isSync && this.#writer.writeToJournal()) return true;
    this.#writer.write(this.#forEngine(), this.#bytes, isSync, callback);
    return false;
  }

  /** With all that waits in the journal, so that this reaches the engine in one write. */
  #forEngine(): KvBatch {
    if (this.#batch === undefined) {
      this.#batch = this.#engine.batch();
      this.#journal.copyWaiting(this.#batch);
      this.#journal.copyOpen(this.#batch);
    }
    return this.#batch;
  }
}
