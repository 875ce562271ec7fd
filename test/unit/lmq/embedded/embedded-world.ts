import { ErrorCode, StoreError } from '../../../../src/common/errors.ts';
import { silentLogger, type Logger } from '../../../../src/common/logger.ts';
import { createEmbeddedStore } from '../../../../src/lmq/embedded/embedded-store.ts';
import { JournaledEngine } from '../../../../src/lmq/embedded/journaled-engine.ts';
import { createKvEngine, type KvEngine } from '../../../../src/lmq/embedded/kv-engine.ts';
import type { EmbeddedStoreOptions } from '../../../../src/lmq/embedded/store-options.ts';
import type { LmqStore } from '../../../../src/lmq/spi/lmq-store.ts';
import { eventually } from '../../../helpers/eventually.ts';
import { makeTempDir, removeTempDir } from '../../../helpers/temp-dir.ts';
import { ManualClock } from '../manual-clock.ts';

const DAY_MS = 86_400_000;
const SMALL: Partial<EmbeddedStoreOptions> = {
  writeBufferBytes: 4 << 20,
  cacheBytes: 2 << 20,
  fileReservedTimeMs: 3 * DAY_MS,
  retentionIntervalMs: 30_000,
};

export function openEngine(directory: string, logger: Logger = silentLogger): KvEngine {
  return createKvEngine({
    directory,
    writeBufferBytes: 4 << 20,
    cacheBytes: 1 << 20,
    compression: true,
    logger,
  });
}

/** An embedded store in a directory of its own, with time and failures in the hands of the test. */
export class EmbeddedWorld {
  readonly clock: ManualClock = new ManualClock();
  readonly #options: Partial<EmbeddedStoreOptions>;
  #directory: string | undefined;
  #store: LmqStore | undefined;
  #isFailing = false;
  #passes = 0;

  constructor(options: Partial<EmbeddedStoreOptions> = {}) {
    this.#options = options;
  }

  get directory(): string {
    if (this.#directory === undefined) throw new Error('not started');
    return this.#directory;
  }

  get store(): LmqStore {
    if (this.#store === undefined) throw new Error('not started');
    return this.#store;
  }

  async start(options: Partial<EmbeddedStoreOptions> = {}): Promise<LmqStore> {
    this.#directory ??= await makeTempDir();
    const { journalSmallCommits = true } = { ...this.#options, ...options };
    const store = createEmbeddedStore(
      {
        ...SMALL,
        ...this.#options,
        ...options,
        clock: this.clock,
        logger: this.#logger(),
        directory: this.#directory,
      },
      this.#failing(
        new JournaledEngine(
          openEngine(this.#directory),
          this.clock,
          this.#logger(),
          journalSmallCommits,
        ),
      ),
    );
    await store.start();
    this.#store = store;
    return store;
  }

  async reopen(options: Partial<EmbeddedStoreOptions> = {}): Promise<LmqStore> {
    await this.#store?.stop();
    return this.start(options);
  }

  /** Every write from now on fails. */
  failWrites(): void {
    this.#isFailing = true;
  }

  /** Lets the time of all records pass, and waits for retention to have run. */
  async expireAll(): Promise<void> {
    const { store } = this;
    await store.committed(store.openCommit);
    await this.passTime(4 * DAY_MS);
    await store.committed(store.openCommit);
  }

  /** Lets time pass, and waits for retention to have run after that. A minute more goes by. */
  async passTime(ms: number): Promise<void> {
    this.clock.advance(ms);
    // the first pass that ends may have begun before
    for (let i = 0; i < 2; i++) {
      const passes = this.#passes;
      this.clock.advance(30_000);
      this.clock.advance(30_000);
      const hasRun = (): boolean => {
        // index entries are joined first, with the commits that time asks for
        this.clock.advance(10);
        return this.#passes > passes;
      };
      await eventually('retention to run', hasRun, 10_000, 1);
    }
  }

  async dispose(): Promise<void> {
    await this.#store?.stop();
    if (this.#directory !== undefined) await removeTempDir(this.#directory);
  }

  #logger(): Logger {
    return {
      ...silentLogger,
      debug: (_fields, message) => {
        if (message === 'retention ran') this.#passes++;
      },
      error: (fields, message) => {
        throw new Error(`${message}: ${JSON.stringify(fields)}`);
      },
    };
  }

  #failing(engine: KvEngine): KvEngine {
    const isFailing = (): boolean => this.#isFailing;
    return new Proxy(engine, {
      get(target, property) {
        if ((property === 'batch' || property === 'commitBatch') && isFailing()) {
          return () => failingBatch(target.directory);
        }
        const value: unknown = Reflect.get(target, property, target);
        return typeof value === 'function' ? (value.bind(target) as unknown) : value;
      },
    });
  }
}

function failingBatch(directory: string): ReturnType<KvEngine['batch']> {
  let size = 0;
  return {
    get size() {
      return size;
    },
    put: () => {
      size++;
    },
    del: () => {
      size++;
    },
    write: (_sync, callback) => {
      setImmediate(() => {
        callback(new StoreError(ErrorCode.STORE_UNAVAILABLE, `${directory}: no space left`));
      });
      return false;
    },
  };
}
