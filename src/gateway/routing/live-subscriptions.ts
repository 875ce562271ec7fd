import type { SessionSubscription } from '../session/session.ts';
import { isWildcardFilter } from '../../common/topic/topic-filter.ts';
import { TopicTrie } from '../../common/topic/topic-trie.ts';

/** The subscriptions of connected clients of this gateway, by filter. */
export class LiveSubscriptions {
  readonly #exact = new Map<string, Set<SessionSubscription>>();
  readonly #wildcards = new TopicTrie<SessionSubscription>();
  /** Counts changes: whatever was matched under another version is stale. */
  version = 1;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  add(subscription: SessionSubscription): void {
    this.version++;
    this.#size++;
    const { filter } = subscription;
    if (isWildcardFilter(filter)) {
      this.#wildcards.add(filter, subscription);
      return;
    }
    const same = this.#exact.get(filter);
    if (same === undefined) this.#exact.set(filter, new Set([subscription]));
    else same.add(subscription);
  }

  remove(subscription: SessionSubscription): void {
    this.version++;
    this.#size--;
    const { filter } = subscription;
    if (isWildcardFilter(filter)) {
      this.#wildcards.remove(filter, subscription);
      return;
    }
    const same = this.#exact.get(filter);
    if (same === undefined) return;
    same.delete(subscription);
    if (same.size === 0) this.#exact.delete(filter);
  }

  match(topic: string, visit: (subscription: SessionSubscription) => void): void {
    const same = this.#exact.get(topic);
    if (same !== undefined) for (const subscription of same) visit(subscription);
    if (this.#wildcards.size > 0) this.#wildcards.match(topic, visit);
  }
}
