import type { KvBatch } from '../../../../src/lmq/embedded/kv-batch.ts';
import type { KvEngine, KvEntry } from '../../../../src/lmq/embedded/kv-engine.ts';
import type { KvRange } from '../../../../src/lmq/embedded/kv-range.ts';

/** Values by key, as Latin-1: the order of these strings is that of the bytes. */
export type Content = ReadonlyMap<string, Buffer>;

/** An engine in memory that remembers what it had after each of its writes, as one on a disk that dies there would. */
export class RememberingEngine implements KvEngine {
  readonly directory: string;
  readonly history: Content[];

  constructor(directory: string, content: Content) {
    this.directory = directory;
    this.history = [content];
  }

  get content(): Content {
    return this.history.at(-1) as Content;
  }

  open(): Promise<void> {
    return Promise.resolve();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  batch(): KvBatch {
    const writes: [string, Buffer | undefined][] = [];
    return {
      get size() {
        return writes.length;
      },
      put: (key, value) => writes.push([key.toString('latin1'), Buffer.from(value)]),
      del: (key) => writes.push([key.toString('latin1'), undefined]),
      write: (_isSync, callback) => {
        setImmediate(() => {
          this.#apply(writes);
          callback(undefined);
        });
        return false;
      },
    };
  }

  commitBatch(): KvBatch {
    return this.batch();
  }

  get(key: Buffer): Promise<Buffer | undefined> {
    return Promise.resolve(this.content.get(key.toString('latin1')));
  }

  getMany(keys: readonly Buffer[]): Promise<(Buffer | undefined)[]> {
    return Promise.all(keys.map((key) => this.get(key)));
  }

  read(range: KvRange, limit: number): Promise<KvEntry[]> {
    return Promise.resolve(this.#list(range).slice(0, limit));
  }

  async *scan(range: KvRange): AsyncGenerator<KvEntry> {
    await Promise.resolve();
    yield* this.#list(range);
  }

  clear(range: KvRange, limit: number): Promise<void> {
    const first = this.#list(range).slice(0, limit);
    this.#apply(first.map(({ key }) => [key.toString('latin1'), undefined]));
    return Promise.resolve();
  }

  approximateSize(): Promise<number> {
    return Promise.resolve(0);
  }

  compact(): Promise<void> {
    return Promise.resolve();
  }

  #apply(writes: readonly (readonly [string, Buffer | undefined])[]): void {
    const next = new Map(this.content);
    for (const [key, value] of writes) {
      if (value === undefined) next.delete(key);
      else next.set(key, value);
    }
    this.history.push(next);
  }

  #list({ gte, gt, lt, lte, reverse }: KvRange): KvEntry[] {
    const found = [...this.content]
      .map(([key, value]) => ({ key: Buffer.from(key, 'latin1'), value: Buffer.from(value) }))
      .filter(
        ({ key }) =>
          (gte === undefined || key.compare(gte) >= 0) &&
          (gt === undefined || key.compare(gt) > 0) &&
          (lt === undefined || key.compare(lt) < 0) &&
          (lte === undefined || key.compare(lte) <= 0),
      )
      .sort((a, b) => a.key.compare(b.key));
    return reverse === true ? found.reverse() : found;
  }
}
