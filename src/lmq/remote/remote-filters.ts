import type { RegisteredFilter } from '../../rpc/messages/store-v1.ts';

interface FilterEntry {
  pinned: boolean;
  /** Uses that the store counts: durable ones, and those of other nodes as of the start. */
  storedUses: number;
  /** Uses of this node that are not durable; the store has one for all of them. */
  ownUses: number;
}

/**
 * The registered wildcard filters as this node knows them: those of the store as of the start, and what
 * this node has done since.
 */
export class RemoteFilters {
  readonly #entries = new Map<string, FilterEntry>();

  /** Takes over what the store has. */
  restore(filters: readonly RegisteredFilter[]): void {
    for (const { filter, pinned, uses } of filters) {
      const entry = this.#entry(filter);
      entry.pinned = pinned;
      entry.storedUses = uses;
    }
  }

  /** True when the store has to be told. */
  acquire(filter: string, durable: boolean): boolean {
    const entry = this.#entry(filter);
    if (durable) {
      entry.storedUses++;
      return true;
    }
    return entry.ownUses++ === 0;
  }

  /** True when the store has to be told. A use that nobody has is not an error. */
  release(filter: string, durable: boolean): boolean {
    const entry = this.#entries.get(filter);
    if (entry === undefined) return durable;
    let isTold = true;
    if (durable) {
      entry.storedUses = Math.max(0, entry.storedUses - 1);
    } else {
      isTold = entry.ownUses === 1;
      entry.ownUses = Math.max(0, entry.ownUses - 1);
    }
    this.#dropUnused(filter, entry);
    return isTold;
  }

  pin(filter: string): void {
    this.#entry(filter).pinned = true;
  }

  unpin(filter: string): void {
    const entry = this.#entries.get(filter);
    if (entry === undefined) return;
    entry.pinned = false;
    this.#dropUnused(filter, entry);
  }

  list(): { filter: string; pinned: boolean; uses: number }[] {
    return Array.from(this.#entries, ([filter, { pinned, storedUses, ownUses }]) => ({
      filter,
      pinned,
      uses: storedUses + ownUses,
    }));
  }

  /** Those that this node uses and no session keeps: for a hello. */
  greet(): string[] {
    const used: string[] = [];
    for (const [filter, { ownUses }] of this.#entries) if (ownUses > 0) used.push(filter);
    return used;
  }

  #entry(filter: string): FilterEntry {
    let entry = this.#entries.get(filter);
    if (entry === undefined) {
      entry = { pinned: false, storedUses: 0, ownUses: 0 };
      this.#entries.set(filter, entry);
    }
    return entry;
  }

  #dropUnused(filter: string, { pinned, storedUses, ownUses }: FilterEntry): void {
    if (!pinned && storedUses + ownUses === 0) this.#entries.delete(filter);
  }
}
