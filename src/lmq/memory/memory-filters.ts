import { matches } from '../../common/topic/topic-filter.ts';

interface Uses {
  pinned: boolean;
  durable: number;
  volatile: number;
}

/** Registered wildcard filters, matched one after the other. */
export class MemoryFilters {
  readonly #filters = new Map<string, Uses>();
  /** Changes whenever a filter comes or goes. */
  version = 0;

  acquire(filter: string, durable: boolean): void {
    const uses = this.#entry(filter);
    if (durable) uses.durable++;
    else uses.volatile++;
  }

  release(filter: string, durable: boolean): void {
    const uses = this.#filters.get(filter);
    if (uses === undefined) return;
    if (durable) uses.durable = Math.max(0, uses.durable - 1);
    else uses.volatile = Math.max(0, uses.volatile - 1);
    this.#dropUnused(filter, uses);
  }

  pin(filter: string): void {
    this.#entry(filter).pinned = true;
  }

  unpin(filter: string): void {
    const uses = this.#filters.get(filter);
    if (uses === undefined) return;
    uses.pinned = false;
    this.#dropUnused(filter, uses);
  }

  matching(topic: string): string[] {
    return [...this.#filters.keys()].filter((filter) => matches(filter, topic));
  }

  list(): { filter: string; pinned: boolean; uses: number }[] {
    return Array.from(this.#filters, ([filter, { pinned, durable, volatile }]) => ({
      filter,
      pinned,
      uses: durable + volatile,
    }));
  }

  #entry(filter: string): Uses {
    let uses = this.#filters.get(filter);
    if (uses === undefined) {
      uses = { pinned: false, durable: 0, volatile: 0 };
      this.#filters.set(filter, uses);
      this.version++;
    }
    return uses;
  }

  #dropUnused(filter: string, uses: Uses): void {
    if (uses.pinned || uses.durable + uses.volatile > 0) return;
    this.#filters.delete(filter);
    this.version++;
  }
}
