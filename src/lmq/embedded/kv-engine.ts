/**
 * The port to the key-value engine. The only file that imports the RocksDB package, so that the
 * binding can be replaced. Keys and values are buffers; keys sort by their bytes.
 */
import RocksDB from 'rocksdb';
import { ErrorCode, StoreError, messageOf } from '../../common/errors.ts';
import type { Logger } from '../../common/logger.ts';
import type { KvBatch } from './kv-batch.ts';
import type { KvRange } from './kv-range.ts';
import { ReadBatch } from './read-batch.ts';
import { damageOfRecovery } from './recovery-log.ts';
import { RocksBatches } from './rocks-batches.ts';
import type { Callback, Done, OnNext, RocksDatabase, RocksIterator } from './rocks-database.ts';

export interface KvEntry {
  readonly key: Buffer;
  readonly value: Buffer;
}

/** Every rejection is a StoreError. */
export interface KvEngine {
  readonly directory: string;
  open(): Promise<void>;
  /** Waits for what is under way. Calls that come later are refused with STORE_CLOSED. */
  close(): Promise<void>;
  batch(): KvBatch;
  /** For a batch that is filled and written in one turn: a small one may be durable at once. */
  commitBatch(): KvBatch;
  get(key: Buffer): Promise<Buffer | undefined>;
  /** Values in the order of the keys, all as of one moment. */
  getMany(keys: readonly Buffer[]): Promise<(Buffer | undefined)[]>;
  /** At most `limit` entries as of the call. */
  read(range: KvRange, limit: number): Promise<KvEntry[]>;
  /**
   * All entries as of the call, in portions.
   * @param portionBytes of one go to the thread pool; `FEW_BYTES` or `SOME_BYTES` where clients are served meanwhile
   */
  scan(range: KvRange, portionBytes?: number): AsyncIterable<KvEntry>;
  /** Deletes the first entries of a range, at most `limit`. They are read for it: not for large values. */
  clear(range: KvRange, limit: number): Promise<void>;
  /** Bytes on disk that the keys from `start` to `end` take, roughly. */
  approximateSize(start: Buffer, end: Buffer): Promise<number>;
  /** Rewrites a range so that what was deleted in it gives its space back. */
  compact(start: Buffer, end: Buffer): Promise<void>;
  /** Calls when a write has failed that was durable elsewhere, so that nobody was told: every later one fails. */
  onBroken?(listener: (error: StoreError) => void): void;
}

export interface KvEngineOptions {
  readonly directory: string;
  /** Size of the engine's write buffer; a larger one writes fewer and larger files. */
  readonly writeBufferBytes: number;
  /** Size of the engine's cache of uncompressed file blocks. */
  readonly cacheBytes: number;
  readonly compression: boolean;
  /** Is told of damage that opening has met. */
  readonly logger: Logger;
}

const RocksConstructor = RocksDB as unknown as new (directory: string) => RocksDatabase;

/** Bytes that an iterator reads in one go to the thread pool, for what has nothing to do beside it. */
const MANY_BYTES = 256 * 1024;
/**
 * The same where clients are served meanwhile, some two dozen index entries: while V8 marks because buffers have grown, each
 * new buffer may take 0.13 ms and more, and an entry is two (ADR 981).
 */
export const FEW_BYTES = 1024;
/** The same for whoever reads all there is of something: a go costs more than an entry (ADR 998). */
export const SOME_BYTES: number = 16 * 1024;
const MAX_OPEN_FILES = 1_000;

class RocksEngine implements KvEngine {
  readonly #options: KvEngineOptions;
  readonly #database: RocksDatabase;
  readonly #reads = new ReadBatch((keys) => this.getMany(keys));
  readonly #batches: RocksBatches;
  #isOpen = false;

  constructor(options: KvEngineOptions) {
    this.#options = options;
    this.#database = new RocksConstructor(options.directory);
    this.#batches = new RocksBatches(this.#database, this.#toStoreError);
  }

  get directory(): string {
    return this.#options.directory;
  }

  async open(): Promise<void> {
    const options = {
      createIfMissing: true,
      cacheSize: this.#options.cacheBytes,
      writeBufferSize: this.#options.writeBufferBytes,
      maxOpenFiles: MAX_OPEN_FILES,
      compression: this.#options.compression,
      infoLogLevel: 'warn' as const,
    };
    await this.#done((done) => {
      this.#database.open(options, done);
    });
    this.#isOpen = true;
    await this.#tellDamage();
  }

  async #tellDamage(): Promise<void> {
    const { directory, logger } = this.#options;
    try {
      const [damage, ...more] = await damageOfRecovery(directory);
      if (damage === undefined) return;
      const message =
        "RocksDB's log is damaged: commits in it are lost, and those behind them are there";
      logger.error({ directory, damage, more: more.length }, message);
    } catch (error) {
      logger.warn(
        { directory, error: messageOf(error) },
        'it is not known whether there is damage',
      );
    }
  }

  async close(): Promise<void> {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    await this.#done((done) => {
      this.#database.close(done);
    });
  }

  batch(): KvBatch {
    this.#checkOpen();
    return this.#batches.begin();
  }

  commitBatch(): KvBatch {
    return this.batch();
  }

  get(key: Buffer): Promise<Buffer | undefined> {
    return this.#reads.read(key);
  }

  async getMany(keys: readonly Buffer[]): Promise<(Buffer | undefined)[]> {
    this.#checkOpen();
    if (keys.length === 0) return [];
    const found = await this.#call<(Buffer | null | undefined)[]>((done) => {
      this.#database.getMany(keys, { fillCache: false }, done);
    });
    return found.map((value) => value ?? undefined);
  }

  async read(range: KvRange, limit: number): Promise<KvEntry[]> {
    this.#checkOpen();
    if (limit <= 0) return [];
    const iterator = this.#iterator(range, limit, FEW_BYTES);
    try {
      return await this.#readAll(iterator, limit);
    } finally {
      this.#end(iterator);
    }
  }

  /** One promise for all entries: one for each costs as much as the entry. */
  #readAll(iterator: RocksIterator, limit: number): Promise<KvEntry[]> {
    return new Promise((resolve, reject) => {
      const entries: KvEntry[] = [];
      const onNext: OnNext = (error, key, value) => {
        if (error) {
          reject(this.#toStoreError(error));
        } else if (key === undefined || value === undefined) {
          resolve(entries);
        } else if (entries.push({ key, value }) === limit) {
          resolve(entries);
        } else {
          iterator.next(onNext);
        }
      };
      iterator.next(onNext);
    });
  }

  async *scan(range: KvRange, portionBytes: number = MANY_BYTES): AsyncGenerator<KvEntry> {
    this.#checkOpen();
    const iterator = this.#iterator(range, -1, portionBytes);
    try {
      for (;;) {
        const entry = await this.#next(iterator);
        if (entry === undefined) return;
        yield entry;
      }
    } finally {
      this.#end(iterator);
    }
  }

  async clear(range: KvRange, limit: number): Promise<void> {
    this.#checkOpen();
    await this.#done((done) => {
      this.#database.clear({ ...range, limit }, done);
    });
  }

  approximateSize(start: Buffer, end: Buffer): Promise<number> {
    this.#checkOpen();
    return this.#call<number>((done) => {
      this.#database.approximateSize(start, end, done);
    });
  }

  async compact(start: Buffer, end: Buffer): Promise<void> {
    this.#checkOpen();
    await this.#done((done) => {
      this.#database.compactRange(start, end, done);
    });
  }

  #iterator(range: KvRange, limit: number, highWaterMark: number): RocksIterator {
    return this.#database.iterator({ ...range, limit, highWaterMark });
  }

  async #next(iterator: RocksIterator): Promise<KvEntry | undefined> {
    return new Promise((resolve, reject) => {
      iterator.next((error, key, value) => {
        if (error) reject(this.#toStoreError(error));
        else resolve(key === undefined || value === undefined ? undefined : { key, value });
      });
    });
  }

  /** Ending cannot fail but by the engine closing, which ends every iterator by itself. */
  #end(iterator: RocksIterator): void {
    if (this.#isOpen) iterator.end(() => undefined);
  }

  #done(run: (done: Done) => void): Promise<void> {
    return new Promise((resolve, reject) => {
      run((error) => {
        if (error) reject(this.#toStoreError(error));
        else resolve();
      });
    });
  }

  #call<T>(run: (done: Callback<T>) => void): Promise<T> {
    return new Promise((resolve, reject) => {
      run((error, value) => {
        if (error) reject(this.#toStoreError(error));
        else resolve(value);
      });
    });
  }

  #checkOpen(): void {
    if (!this.#isOpen) throw new StoreError(ErrorCode.STORE_CLOSED, `${this.directory} is closed`);
  }

  readonly #toStoreError = (error: Error): StoreError => {
    const text = messageOf(error);
    const { directory } = this;
    if (/lock hold|while lock file/i.test(text)) {
      const message = `${directory} is in use: a store directory belongs to one process`;
      return new StoreError(ErrorCode.STORE_LOCKED, message, { cause: error });
    }
    if (/corruption/i.test(text)) {
      return new StoreError(ErrorCode.STORE_CORRUPT, `${directory} is damaged: ${text}`, {
        cause: error,
      });
    }
    return new StoreError(ErrorCode.STORE_UNAVAILABLE, `${directory}: ${text}`, { cause: error });
  };
}

/** Not open yet; the directory must exist. */
export function createKvEngine(options: KvEngineOptions): KvEngine {
  return new RocksEngine(options);
}
