import type { KvChange, KvConfig } from '../namesrv/types.ts';

type Listener = (change: KvChange) => void;

/** The KV config of a gateway without a name server: in memory, gone with the process. */
export class MemoryKv implements KvConfig {
  readonly #tables = new Map<string, Map<string, string>>();
  readonly #listeners = new Map<string, Set<Listener>>();

  get(namespace: string, key: string): string | undefined {
    return this.#tables.get(namespace)?.get(key);
  }

  list(namespace: string): ReadonlyMap<string, string> {
    return new Map(this.#tables.get(namespace));
  }

  put(namespace: string, key: string, value: string): Promise<void> {
    const table = this.#tables.get(namespace) ?? new Map<string, string>();
    this.#tables.set(namespace, table);
    table.set(key, value);
    this.#tell({ namespace, key, value });
    return Promise.resolve();
  }

  delete(namespace: string, key: string): Promise<void> {
    this.#tables.get(namespace)?.delete(key);
    this.#tell({ namespace, key, value: undefined });
    return Promise.resolve();
  }

  edit(
    namespace: string,
    key: string,
    change: (value: string | undefined) => string | undefined,
  ): Promise<void> {
    const value = this.get(namespace, key);
    const changed = change(value);
    if (changed === value) return Promise.resolve();
    return changed === undefined ? this.delete(namespace, key) : this.put(namespace, key, changed);
  }

  watch(namespace: string, listener: Listener): () => void {
    const listeners = this.#listeners.get(namespace) ?? new Set();
    this.#listeners.set(namespace, listeners);
    listeners.add(listener);
    return () => {
      listeners.delete(listener);
    };
  }

  #tell(change: KvChange): void {
    for (const listener of [...(this.#listeners.get(change.namespace) ?? [])]) listener(change);
  }
}
