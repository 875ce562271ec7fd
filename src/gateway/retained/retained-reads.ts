import type { StateStore } from '../../lmq/spi/lmq-store.ts';
import { StateSpace } from '../../lmq/spi/types.ts';
import { RecentRecords } from './recent-records.ts';

/** Topics that change all the time are read so often together with others; then as the store has them. */
const MOST_ROUNDS = 3;

/**
 * Reads the records of retained messages: once for all subscribers that ask for a topic in the same moments. To be
 * told of every change of a topic; so it is not for a store that others write to.
 */
export class RetainedReads {
  readonly #store: Pick<StateStore, 'getState'>;
  readonly #recent = new RecentRecords();
  /** Topics being read and not changed since → when that is done. */
  readonly #reading = new Map<string, Promise<void>>();

  constructor(store: Pick<StateStore, 'getState'>) {
    this.#store = store;
  }

  /** The topic has another record from now on, or none. */
  changed(topic: string): void {
    if (this.#reading.size > 0) this.#reading.delete(topic);
    this.#recent.delete(topic);
  }

  /** To be called now and then: forgets what was read before the last but one call. */
  age(): void {
    this.#recent.age();
  }

  /**
   * The records in the order of the topics, as of one moment; undefined where there is none.
   * @throws StoreError (rejection)
   */
  async read(topics: readonly string[]): Promise<(Buffer | undefined)[]> {
    for (let round = 0; round < MOST_ROUNDS; round++) {
      const waits = this.#begin(topics);
      if (waits === undefined) return topics.map((topic) => this.#recent.get(topic) ?? undefined);
      await Promise.all(waits);
    }
    return this.#ask(topics);
  }

  /** Begins to read what is not known; undefined when all is. */
  #begin(topics: readonly string[]): Set<Promise<void>> | undefined {
    let waits: Set<Promise<void>> | undefined;
    let missing: string[] | undefined;
    for (const topic of topics) {
      if (this.#recent.get(topic) !== undefined) continue;
      const reading = this.#reading.get(topic);
      if (reading === undefined) (missing ??= []).push(topic);
      else (waits ??= new Set()).add(reading);
    }
    if (missing === undefined) return waits;
    return (waits ?? new Set()).add(this.#start(missing));
  }

  #start(topics: readonly string[]): Promise<void> {
    const values = this.#ask(topics);
    const reading = values.then(
      (found) => {
        for (const [i, topic] of topics.entries()) {
          if (this.#end(topic, reading)) this.#recent.set(topic, found[i] ?? null);
        }
      },
      (error: unknown) => {
        for (const topic of topics) this.#end(topic, reading);
        throw error;
      },
    );
    for (const topic of topics) this.#reading.set(topic, reading);
    return reading;
  }

  /** False when the topic has changed since it was asked for: what was read may be older. */
  #end(topic: string, reading: Promise<void>): boolean {
    return this.#reading.get(topic) === reading && this.#reading.delete(topic);
  }

  #ask(topics: readonly string[]): Promise<(Buffer | undefined)[]> {
    return Promise.all(topics.map((topic) => this.#store.getState(StateSpace.RETAINED, topic)));
  }
}
