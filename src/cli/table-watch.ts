import type { Clock, Timer } from '../common/clock.ts';
import { isRetryable, messageOf } from '../common/errors.ts';
import type { Service } from '../common/lifecycle.ts';
import type { Logger } from '../common/logger.ts';
import { isGrownFrom, newestGeneration, type StoreTable } from '../common/store-table.ts';
import { type KvConfig, LMQTT_NAMESPACE } from '../namesrv/types.ts';
import { storeTableIn } from './choose-store.ts';

/** Between two attempts to follow the table. */
const RETRY_MS = 1000;

/** What follows the table: several stores as one. */
export interface GrowingStore {
  readonly table: StoreTable;
  prepare(table: StoreTable): Promise<void>;
  activate(table: StoreTable): Promise<void>;
}

export interface TableWatchOptions {
  readonly kv: Pick<KvConfig, 'get' | 'watch'>;
  /** Undefined: there was no table when the gateway started. */
  readonly store: GrowingStore | undefined;
  /** There is a table now; called once, when there was none. */
  readonly onFounded: () => void;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Has a running gateway follow the table of stores as it grows (docs/adr/0501). */
export class TableWatch implements Service {
  readonly #options: TableWatchOptions;
  #unwatch: (() => void) | undefined;
  #retry: Timer | undefined;
  #isBusy = false;
  #isStopped = false;

  constructor(options: TableWatchOptions) {
    this.#options = options;
  }

  /** The table may have grown since the stores were attached. */
  start(): Promise<void> {
    this.#unwatch = this.#options.kv.watch(LMQTT_NAMESPACE, () => {
      this.#follow();
    });
    this.#follow();
    return Promise.resolve();
  }

  /** What is under way ends by itself, with the stores. */
  stop(): Promise<void> {
    this.#isStopped = true;
    this.#unwatch?.();
    this.#retry?.cancel();
    return Promise.resolve();
  }

  #follow(): void {
    if (this.#isBusy || this.#isStopped) return;
    const table = this.#next();
    if (table === undefined) return;
    const { store, onFounded } = this.#options;
    if (store === undefined) {
      this.#isStopped = true;
      onFounded();
      return;
    }
    this.#isBusy = true;
    void this.#grow(store, table).then((isDone) => {
      this.#isBusy = false;
      if (isDone) this.#follow();
      else this.#again();
    });
  }

  /** The table that is to be followed; undefined when there is nothing to do, or nothing that can be done. */
  #next(): StoreTable | undefined {
    const { kv, store, logger } = this.#options;
    try {
      const table = storeTableIn(kv);
      if (store === undefined) return table;
      if (table !== undefined && isGrownFrom(store.table, table)) {
        return isGrownFrom(table, store.table) ? undefined : table;
      }
      logger.error(
        { known: store.table, table },
        'the table of stores is gone or is another one; the gateway goes on with the one that it knows',
      );
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      logger.error({ error: error.message }, 'the table of stores cannot be used');
    }
    return undefined;
  }

  /** False when it has to be tried again. Never rejects. */
  async #grow(store: GrowingStore, table: StoreTable): Promise<boolean> {
    const { logger } = this.#options;
    const names = table.stores.map(({ name }) => name);
    try {
      if (newestGeneration(table) > newestGeneration(store.table)) {
        await store.prepare(table);
        logger.info({ stores: names, generation: newestGeneration(table) }, 'hears the new stores');
      }
      if (table.active > store.table.active) {
        await store.activate(table);
        logger.info({ stores: names, generation: table.active }, 'topics go to the new stores');
      }
      return true;
    } catch (error) {
      const isExpected = isRetryable(error);
      const fields = { generation: newestGeneration(table), error: messageOf(error) };
      if (!this.#isStopped && isExpected) {
        logger.warn(fields, 'cannot follow the table of stores yet, trying again');
      } else if (!this.#isStopped) {
        logger.error({ ...fields, error }, 'cannot follow the table of stores, trying again');
      }
      return false;
    }
  }

  #again(): void {
    if (this.#isStopped) return;
    this.#retry = this.#options.clock.after(RETRY_MS, () => {
      this.#follow();
    });
  }
}
