import { isWildcardFilter } from '../../common/topic/topic-filter.ts';
import type { FilterTable } from '../../lmq/spi/lmq-store.ts';
import { isServerTopic } from './server-topic.ts';

/**
 * The wildcard filters of the server's own topics that are in use. They are not registered in the KV
 * config, but each takes a place in the store's filter table all the same: so their number is limited.
 */
export class ServerFilters {
  readonly #maximum: number;
  readonly #uses = new Map<string, number>();

  constructor(maximum: number) {
    this.#maximum = maximum;
  }

  /** Whether a filter is one of these. */
  static includes(filter: string): boolean {
    return isWildcardFilter(filter) && isServerTopic(filter);
  }

  /** Takes over what persistent sessions use. A filter has a use in each of its stores. */
  start(filters: FilterTable): void {
    for (const { filter, uses } of filters.listFilters()) {
      if (uses === 0 || !isServerTopic(filter)) continue;
      this.#uses.set(filter, Math.max(uses, this.#uses.get(filter) ?? 0));
    }
  }

  hasRoomFor(filter: string): boolean {
    return this.#uses.has(filter) || this.#uses.size < this.#maximum;
  }

  use(filter: string): void {
    this.#uses.set(filter, (this.#uses.get(filter) ?? 0) + 1);
  }

  unuse(filter: string): void {
    const uses = (this.#uses.get(filter) ?? 0) - 1;
    if (uses > 0) this.#uses.set(filter, uses);
    else this.#uses.delete(filter);
  }
}
