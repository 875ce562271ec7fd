import type { StoreError } from '../../common/errors.ts';
import type { Written } from './journaled-batch.ts';
import type { KvBatch } from './kv-batch.ts';
import { WaitingReads } from './waiting-reads.ts';

interface Write {
  readonly batch: KvBatch;
  readonly isSync: boolean;
  /** Of the last entry of the journal that the engine needs no more when it has this. */
  readonly sequence: number;
  readonly done: Written;
}

/** Writes on their way to the engine, one after the other. After one that fails all later ones fail with its error. */
export class EngineWrites {
  readonly #writes: Write[] = [];
  readonly #reads = new WaitingReads();
  readonly #onIdle: () => void;
  #applied = 0;
  #failure: StoreError | undefined;

  /** @param onIdle the engine has all that it was given, or has failed */
  constructor(onIdle: () => void) {
    this.#onIdle = onIdle;
  }

  /** Why a write failed, if one has. */
  get failure(): StoreError | undefined {
    return this.#failure;
  }

  get isIdle(): boolean {
    return this.#writes.length === 0;
  }

  /** The engine has the entries of the journal up to this number. */
  get applied(): number {
    return this.#applied;
  }

  /** @param sequence up to which the engine has, or needs no, entries of the journal */
  start(sequence: number): void {
    this.#applied = sequence;
  }

  /** @param sequence of the last entry of the journal that the engine needs no more when it has this batch */
  add(batch: KvBatch, isSync: boolean, sequence: number, done: Written): void {
    this.#writes.push({ batch, isSync, sequence, done });
    if (this.#writes.length === 1) this.#writeNext();
  }

  /** Resolves when the engine has the entry of this number; rejects when it will not. */
  wait(sequence: number): Promise<void> {
    return this.#failure === undefined ? this.#reads.wait(sequence) : Promise.reject(this.#failure);
  }

  #writeNext(): void {
    const [write] = this.#writes;
    if (write === undefined) {
      this.#onIdle();
      return;
    }
    if (this.#failure !== undefined) {
      setImmediate(() => {
        this.#written(write, this.#failure);
      });
      return;
    }
    write.batch.write(write.isSync, (error) => {
      this.#written(write, error);
    });
  }

  #written(write: Write, error: StoreError | undefined): void {
    // What was acknowledged and could not be written stays in the journal, for the next start.
    if (error === undefined) this.#applied = write.sequence;
    else this.#failure ??= error;
    this.#writes.shift();
    this.#reads.wake(this.#applied, this.#failure);
    // The next one is on its way while the callback is at work.
    this.#writeNext();
    write.done(error);
  }
}
