import type { LmqStore } from '../lmq/spi/lmq-store.ts';

/** What is asked whether clients can be served. */
export interface ReadinessSources {
  readonly store: Pick<LmqStore, 'onCommit'>;
  /** Whether the gateway has a listener that is bound. */
  readonly isListening: () => boolean;
  /** Stores that are not connected, as people call them; none unless given. */
  readonly storesAway?: (() => readonly string[]) | undefined;
}

/** Whether a client that comes now can be served. */
export class Readiness {
  readonly #isListening: () => boolean;
  readonly #storesAway: () => readonly string[];
  #hasStoreFailed = false;

  constructor({ store, isListening, storesAway = () => [] }: ReadinessSources) {
    this.#isListening = isListening;
    this.#storesAway = storesAway;
    store.onCommit((_commit, error) => {
      this.#hasStoreFailed = error !== undefined;
    });
  }

  /** Why not, in words without names of files or clients; empty when ready. */
  problems(): readonly string[] {
    const problems: string[] = [];
    if (this.#hasStoreFailed) problems.push('store: the last commit failed, see the log');
    for (const store of this.#storesAway()) problems.push(`${store}: not connected`);
    if (!this.#isListening()) problems.push('gateway: not listening');
    return problems;
  }
}
