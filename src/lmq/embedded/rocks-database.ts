/**
 * The part of the RocksDB package that `kv-engine.ts` uses. The published types describe a CommonJS default
 * export, which is not what an ES module gets.
 */
import type { KvRange } from './kv-range.ts';

export type Callback<T> = (error: Error | null | undefined, value: T) => void;
export type Done = (error: Error | null | undefined) => void;

/** Without a key there are no more. */
export type OnNext = (error: Error | null | undefined, key?: Buffer, value?: Buffer) => void;

export interface RocksIterator {
  next(callback: OnNext): void;
  end(done: Done): void;
}

export interface RocksChainedBatch {
  put(key: Buffer, value: Buffer): void;
  del(key: Buffer): void;
  write(options: { sync: boolean }, done: Done): void;
  /** Before write() only. */
  clear(): void;
  /** Of abstract-leveldown, under the package: set by write(), and why every later call throws. */
  _written?: boolean;
}

/** A database of the package. */
export interface RocksDatabase {
  open(
    options: {
      createIfMissing: boolean;
      cacheSize: number;
      writeBufferSize: number;
      maxOpenFiles: number;
      compression: boolean;
      infoLogLevel?: 'warn';
    },
    done: Done,
  ): void;
  close(done: Done): void;
  batch(): RocksChainedBatch;
  getMany(
    keys: readonly Buffer[],
    options: { fillCache: boolean },
    callback: Callback<(Buffer | null | undefined)[]>,
  ): void;
  iterator(options: KvRange & { limit: number; highWaterMark: number }): RocksIterator;
  clear(range: KvRange & { limit: number }, done: Done): void;
  approximateSize(start: Buffer, end: Buffer, callback: Callback<number>): void;
  compactRange(start: Buffer, end: Buffer, done: Done): void;
}
