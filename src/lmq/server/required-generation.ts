import { NO_GENERATION } from '../../common/store-table.ts';
import type { LmqStore } from '../spi/lmq-store.ts';
import { StateSpace } from '../spi/types.ts';
import { decodeGeneration, encodeGeneration, GENERATION_KEY } from './node-record.ts';

type GenerationStore = Pick<LmqStore, 'getState' | 'putState' | 'committed'>;

/**
 * The oldest generation of the table of stores (docs/adr/0501) that nodes may follow: who follows an older one
 * does not read from all stores that messages go to. Only ever grows, on disk too.
 */
export class RequiredGeneration {
  readonly #store: GenerationStore;
  #current = NO_GENERATION;

  constructor(store: GenerationStore) {
    this.#store = store;
  }

  get current(): number {
    return this.#current;
  }

  /** Takes over what is on disk. */
  async restore(): Promise<void> {
    const value = await this.#store.getState(StateSpace.NODE, GENERATION_KEY);
    if (value !== undefined) this.#current = decodeGeneration(value);
  }

  /** In force at once; durable when this resolves. */
  async require(generation: number): Promise<void> {
    this.#current = Math.max(this.#current, generation);
    // Also when it is in force: the commit that wrote it may have failed.
    const value = encodeGeneration(this.#current);
    await this.#store.committed(this.#store.putState(StateSpace.NODE, GENERATION_KEY, value));
  }
}
