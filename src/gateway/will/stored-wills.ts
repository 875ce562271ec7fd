import { messageOf } from '../../common/errors.ts';
import type { Logger } from '../../common/logger.ts';
import type { LmqStore } from '../../lmq/spi/lmq-store.ts';
import { type CommitNumber, StateSpace } from '../../lmq/spi/types.ts';
import { decodeWillRecord, encodeWillRecord, type StoredWill } from './will-record.ts';

/** The wills in the store, by client id. Writes go into the store's open commit. */
export class StoredWills {
  readonly #store: LmqStore;
  readonly #logger: Logger;

  constructor(store: LmqStore, logger: Logger) {
    this.#store = store;
    this.#logger = logger;
  }

  /** In place of the one before. */
  put(clientId: string, will: StoredWill): CommitNumber {
    return this.#store.putState(StateSpace.WILL, clientId, encodeWillRecord(will));
  }

  delete(clientId: string): void {
    this.#store.deleteState(StateSpace.WILL, clientId);
  }

  /** @throws StoreError (rejection): it cannot be reached, or has a record that is none */
  async get(clientId: string): Promise<StoredWill | undefined> {
    const value = await this.#store.getState(StateSpace.WILL, clientId);
    return value === undefined ? undefined : decodeWillRecord(value, clientId);
  }

  /** Whether there is one, legible or not. */
  async has(clientId: string): Promise<boolean> {
    return (await this.#store.getState(StateSpace.WILL, clientId)) !== undefined;
  }

  /**
   * Each in turn, no faster than the store takes what `see` writes. One that cannot be read, or that `see` throws at,
   * is dropped, which the log tells.
   * @throws StoreError (rejection): the store cannot be read
   */
  async each(see: (clientId: string, will: StoredWill) => void): Promise<void> {
    const store = this.#store;
    for await (const { key, value } of store.scanState(StateSpace.WILL)) {
      try {
        see(key, decodeWillRecord(value, key));
      } catch (error) {
        this.#logger.error({ clientId: key, error: messageOf(error) }, 'dropping a will');
        this.delete(key);
      }
      if (!store.writable) await store.committed(store.openCommit);
    }
  }
}
