import type { Queue } from '../../lmq/spi/types.ts';
import type { SessionSubscription } from '../session/session.ts';
import { queuesOf } from '../session/subscription.ts';
import { excluding, including, type OneOrMore, visitEach } from '../../common/one-or-more.ts';
import { isWildcardFilter } from '../../common/topic/topic-filter.ts';
import { TopicTrie } from '../../common/topic/topic-trie.ts';

/** A shared group as live delivery sees it: it gets each message once. */
export interface SharedAudience {
  readonly filter: string;
  /** The member that gets the message; undefined when none has room. */
  choose(
    publisher: string,
    topic: string,
    hasRoom: (member: SessionSubscription) => boolean,
  ): SessionSubscription | undefined;
}

/** Things with a topic filter, found by the topic names that it matches. */
class FilterIndex<T extends { readonly filter: string }> {
  readonly #exact = new Map<string, OneOrMore<T>>();
  readonly #wildcards = new TopicTrie<T>();

  add(item: T): void {
    const { filter } = item;
    if (isWildcardFilter(filter)) {
      this.#wildcards.add(filter, item);
      return;
    }
    this.#exact.set(filter, including(this.#exact.get(filter), item));
  }

  remove(item: T): void {
    const { filter } = item;
    if (isWildcardFilter(filter)) {
      this.#wildcards.remove(filter, item);
      return;
    }
    const left = excluding(this.#exact.get(filter), item);
    if (left === undefined) this.#exact.delete(filter);
    else this.#exact.set(filter, left);
  }

  match(topic: string, visit: (item: T) => void): void {
    visitEach(this.#exact.get(topic), visit);
    if (this.#wildcards.size > 0) this.#wildcards.match(topic, visit);
  }
}

/** The subscriptions of connected clients of this gateway, and its shared groups, by filter. */
export class LiveSubscriptions {
  readonly #subscriptions = new FilterIndex<SessionSubscription>();
  readonly #groups = new FilterIndex<SharedAudience>();
  /** Queue id → subscriptions; kept where others publish too. */
  readonly #byQueue: Map<number, Set<SessionSubscription>> | undefined;
  /** Counts changes: whatever was matched under another version is stale. */
  version = 1;
  #size = 0;

  /** @param hasForeign messages come from other gateways too, by queue */
  constructor(hasForeign = false) {
    if (hasForeign) this.#byQueue = new Map();
  }

  get size(): number {
    return this.#size;
  }

  add(subscription: SessionSubscription): void {
    this.version++;
    this.#size++;
    this.#subscriptions.add(subscription);
    if (this.#byQueue === undefined) return;
    for (const queue of queuesOf(subscription)) this.addQueue(subscription, queue);
  }

  /** A subscription that is there has one more queue. */
  addQueue(subscription: SessionSubscription, { id }: Queue): void {
    const same = this.#byQueue?.get(id);
    if (same === undefined) this.#byQueue?.set(id, new Set([subscription]));
    else same.add(subscription);
  }

  remove(subscription: SessionSubscription): void {
    this.version++;
    this.#size--;
    this.#subscriptions.remove(subscription);
    if (this.#byQueue === undefined) return;
    for (const { id } of queuesOf(subscription)) {
      const same = this.#byQueue.get(id);
      if (same?.delete(subscription) === true && same.size === 0) this.#byQueue.delete(id);
    }
  }

  /** The subscriptions that read a queue. Known only where other gateways share the store. */
  ofQueue(id: number): ReadonlySet<SessionSubscription> | undefined {
    return this.#byQueue?.get(id);
  }

  addGroup(group: SharedAudience): void {
    this.version++;
    this.#groups.add(group);
  }

  removeGroup(group: SharedAudience): void {
    this.version++;
    this.#groups.remove(group);
  }

  match(topic: string, visit: (subscription: SessionSubscription) => void): void {
    this.#subscriptions.match(topic, visit);
  }

  matchGroups(topic: string, visit: (group: SharedAudience) => void): void {
    this.#groups.match(topic, visit);
  }
}
