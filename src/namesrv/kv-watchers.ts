import { messageOf } from '../common/errors.ts';
import type { Logger } from '../common/logger.ts';
import type { KvChange } from './types.ts';

export type KvListener = (change: KvChange) => void;

/** Listeners by namespace, or of all. Each sees every change of its namespace, in order, at once. */
export class KvWatchers {
  readonly #listeners = new Map<string, Set<KvListener>>();
  readonly #listenersOfAll = new Set<KvListener>();
  readonly #undelivered: KvChange[] = [];
  readonly #logger: Logger;
  #delivering = false;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** Returns the function that removes this registration. */
  add(namespace: string, listener: KvListener): () => void {
    const registered: KvListener = (change) => {
      listener(change);
    };
    const listeners = this.#listeners.get(namespace) ?? new Set();
    this.#listeners.set(namespace, listeners);
    listeners.add(registered);
    return () => {
      listeners.delete(registered);
      if (listeners.size === 0 && this.#listeners.get(namespace) === listeners) {
        this.#listeners.delete(namespace);
      }
    };
  }

  /** As `add`, for every namespace. */
  addForAll(listener: KvListener): () => void {
    const registered: KvListener = (change) => {
      listener(change);
    };
    this.#listenersOfAll.add(registered);
    return () => {
      this.#listenersOfAll.delete(registered);
    };
  }

  /** Delivers before it returns, unless a listener caused the change: then after the one under way. */
  notify(change: KvChange): void {
    this.#undelivered.push(change);
    if (this.#delivering) return;
    this.#delivering = true;
    try {
      for (
        let next = this.#undelivered.shift();
        next !== undefined;
        next = this.#undelivered.shift()
      ) {
        this.#deliver(next);
      }
    } finally {
      this.#delivering = false;
    }
  }

  #deliver(change: KvChange): void {
    const listeners = this.#listeners.get(change.namespace) ?? [];
    for (const listener of [...listeners, ...this.#listenersOfAll]) {
      try {
        listener(change);
      } catch (error) {
        this.#logger.error(
          { namespace: change.namespace, key: change.key, error: messageOf(error) },
          'a watcher of the KV config failed',
        );
      }
    }
  }
}
