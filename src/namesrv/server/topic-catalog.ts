import { editList, isListable, splitList } from '../../common/comma-list.ts';
import { isWildcardFilter } from '../../common/topic/topic-filter.ts';
import { parseStoreTable, type StoreTable } from '../../common/store-table.ts';
import { routeInTable, routeOf } from '../route-of.ts';
import {
  ALL_FIRST_TOPICS,
  LMQ_AUTOMATIC_NAMESPACE,
  LMQ_CONNECT_NODES,
  LMQ_NAMESPACE,
  LMQ_ROUTES_NAMESPACE,
  LMQTT_NAMESPACE,
  STORES_KEY,
} from '../types.ts';
import type { KvConfig, Route } from '../types.ts';
import type { Registry } from './registry.ts';

/** What a topic of RocketMQ is here: a first topic level, and the stores that it lives on. */
export class TopicCatalog {
  readonly #kv: KvConfig;
  readonly #registry: Registry;

  constructor(kv: KvConfig, registry: Registry) {
    this.#kv = kv;
    this.#registry = registry;
  }

  /** All first levels that are known, sorted. */
  list(): readonly string[] {
    const listed = splitList(this.#kv.get(LMQ_NAMESPACE, ALL_FIRST_TOPICS));
    return [...new Set([...listed, ...this.#kv.list(LMQ_ROUTES_NAMESPACE).keys()])].sort();
  }

  /** Undefined for a first level that is not known. */
  route(firstTopic: string): Route | undefined {
    if (!this.list().includes(firstTopic)) return undefined;
    const stores = new Map(this.#registry.stores.list().map((store) => [store.name, store]));
    const table = this.#table();
    if (table !== undefined) return routeInTable(firstTopic, table, stores);
    return routeOf(firstTopic, this.#kv.get(LMQ_ROUTES_NAMESPACE, firstTopic), stores);
  }

  /**
   * Makes a first level known.
   * @param stores names of the stores to pin it to; none: pinned to none from now on; undefined: as it is
   * @throws RangeError (rejection) naming what is wrong with the name of the topic or a store
   */
  async create(firstTopic: string, stores: readonly string[] | undefined): Promise<void> {
    requireFirstTopic(firstTopic);
    if (stores !== undefined) await this.#pin(firstTopic, stores);
    await this.#kv.edit(LMQ_NAMESPACE, ALL_FIRST_TOPICS, (list) =>
      editList(list, [firstTopic], []),
    );
  }

  /** Forgets a first level with its wildcard filters and its route; what is stored stays where it is. */
  async delete(firstTopic: string): Promise<void> {
    requireFirstTopic(firstTopic);
    await this.#kv.edit(LMQ_NAMESPACE, ALL_FIRST_TOPICS, (list) =>
      editList(list, [], [firstTopic]),
    );
    await this.#kv.delete(LMQ_NAMESPACE, firstTopic);
    await this.#kv.delete(LMQ_AUTOMATIC_NAMESPACE, firstTopic);
    await this.#kv.delete(LMQ_ROUTES_NAMESPACE, firstTopic);
  }

  /** Undefined when the cluster has one store. @throws RangeError when it is not sound */
  #table(): StoreTable | undefined {
    const text = this.#kv.get(LMQTT_NAMESPACE, STORES_KEY);
    return text === undefined ? undefined : parseStoreTable(text);
  }

  async #pin(firstTopic: string, stores: readonly string[]): Promise<void> {
    if (stores.length === 0) {
      await this.#kv.delete(LMQ_ROUTES_NAMESPACE, firstTopic);
      return;
    }
    if (this.#table() !== undefined) {
      throw new RangeError('the table of stores says where topics lie: see storeList');
    }
    const registered = new Set(this.#registry.stores.list().map(({ name }) => name));
    const unknown = stores.find((name) => !registered.has(name));
    if (unknown !== undefined) throw new RangeError(`no store "${unknown}" is registered`);
    await this.#kv.put(LMQ_ROUTES_NAMESPACE, firstTopic, [...new Set(stores)].sort().join(','));
  }
}

function requireFirstTopic(firstTopic: string): void {
  const isReserved = firstTopic === ALL_FIRST_TOPICS || firstTopic === LMQ_CONNECT_NODES;
  const isLevel = !firstTopic.includes('/') && !isWildcardFilter(firstTopic);
  if (isReserved || !isLevel || !isListable(firstTopic)) {
    throw new RangeError(
      `"${firstTopic}" is no first topic level: no slash, comma, wildcard or spaces around it`,
    );
  }
}
