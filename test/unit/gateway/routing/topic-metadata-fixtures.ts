import type { Clock, Timer } from '../../../../src/common/clock.ts';
import { isWildcardFilter } from '../../../../src/common/topic/topic-filter.ts';
import type { FilterTable } from '../../../../src/lmq/spi/lmq-store.ts';
import type { Queue, QueueName } from '../../../../src/lmq/spi/types.ts';
import type { KvChange, KvConfig } from '../../../../src/namesrv/types.ts';

type KvListener = (change: KvChange) => void;

/** A KV config in memory that counts what is written and may refuse it. */
export class FakeKv implements KvConfig {
  readonly tables: Map<string, Map<string, string>> = new Map();
  readonly writes: KvChange[] = [];
  refusal: Error | undefined;
  readonly #listeners = new Map<string, Set<KvListener>>();

  get(namespace: string, key: string): string | undefined {
    return this.tables.get(namespace)?.get(key);
  }

  list(namespace: string): ReadonlyMap<string, string> {
    return this.tables.get(namespace) ?? new Map<string, string>();
  }

  put(namespace: string, key: string, value: string): Promise<void> {
    return this.#write({ namespace, key, value });
  }

  delete(namespace: string, key: string): Promise<void> {
    return this.#write({ namespace, key, value: undefined });
  }

  edit(
    namespace: string,
    key: string,
    change: (value: string | undefined) => string | undefined,
  ): Promise<void> {
    const value = this.get(namespace, key);
    const changed = change(value);
    if (changed === value) return Promise.resolve();
    return this.#write({ namespace, key, value: changed });
  }

  watch(namespace: string, listener: KvListener): () => void {
    const listeners = this.#listeners.get(namespace) ?? new Set();
    this.#listeners.set(namespace, listeners);
    listeners.add(listener);
    return () => listeners.delete(listener);
  }

  async #write(change: KvChange): Promise<void> {
    if (this.refusal !== undefined) throw this.refusal;
    const { namespace, key, value } = change;
    const table = this.tables.get(namespace) ?? new Map<string, string>();
    this.tables.set(namespace, table);
    if (value === undefined) table.delete(key);
    else table.set(key, value);
    this.writes.push(change);
    for (const listener of this.#listeners.get(namespace) ?? []) listener(change);
    await new Promise(setImmediate);
  }
}

/** Filters with their pins and uses, as a store keeps them. */
export class FakeFilters implements FilterTable {
  readonly table: Map<string, { pinned: boolean; uses: number }> = new Map();
  refusal: Error | undefined;

  acquireFilter(filter: string): Promise<Queue> {
    if (this.refusal !== undefined) return Promise.reject(this.refusal);
    if (isWildcardFilter(filter)) this.#entry(filter).uses += 1;
    return Promise.resolve({
      id: 1,
      name: filter as QueueName,
      lane: 0,
      minOffset: 0,
      maxOffset: 0,
      nextOffset: 0,
    });
  }

  releaseFilter(filter: string): number {
    if (isWildcardFilter(filter)) this.#entry(filter).uses -= 1;
    return this.#drop(filter);
  }

  pinFilter(filter: string): number {
    this.#entry(filter).pinned = true;
    return 1;
  }

  unpinFilter(filter: string): number {
    this.#entry(filter).pinned = false;
    return this.#drop(filter);
  }

  listFilters(): { filter: string; pinned: boolean; uses: number }[] {
    return Array.from(this.table, ([filter, state]) => ({ filter, ...state }));
  }

  get pinned(): string[] {
    return this.listFilters().flatMap(({ filter, pinned }) => (pinned ? [filter] : []));
  }

  #entry(filter: string): { pinned: boolean; uses: number } {
    const entry = this.table.get(filter) ?? { pinned: false, uses: 0 };
    this.table.set(filter, entry);
    return entry;
  }

  #drop(filter: string): number {
    const entry = this.table.get(filter);
    if (entry !== undefined && !entry.pinned && entry.uses <= 0) this.table.delete(filter);
    return 1;
  }
}

/** Time that stands still; timers fire when told to. */
export class StillClock implements Clock {
  readonly #timers = new Set<() => void>();

  now(): number {
    return 0;
  }

  monotonic(): number {
    return 0;
  }

  every(_intervalMs: number, callback: () => void): Timer {
    return this.after(0, callback);
  }

  after(_delayMs: number, callback: () => void): Timer {
    this.#timers.add(callback);
    return { cancel: () => this.#timers.delete(callback) };
  }

  get timers(): number {
    return this.#timers.size;
  }

  fire(): void {
    const due = [...this.#timers];
    this.#timers.clear();
    for (const callback of due) callback();
  }
}
