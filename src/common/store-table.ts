import { isListable } from './comma-list.ts';

/**
 * Where everything lies in a cluster of several stores (docs/adr/0501): the stores in the order in which they
 * came, which is that of their lanes. It only grows. As JSON it is the KV entry `LMQTT/STORES`.
 */
export interface StoreTable {
  /** Never empty; the place of a store is its lane. */
  readonly stores: readonly TableStore[];
  /** Messages go where this generation says. The newest one, or the one before it while stores are being added. */
  readonly active: number;
}

export interface TableStore {
  /** `brokerName` of its lmq.conf. */
  readonly name: string;
  /** First topic levels that it serves by name; none: all that no other store of the generation serves by name. */
  readonly topics: readonly string[];
  /** The generation that it came with: 1 for the first ones, one more for each time that stores were added. */
  readonly generation: number;
}

/** Format of the JSON text. */
const FORMAT = 1;
/** Stores that a cluster may have. */
export const MAX_STORES = 16;
/** First levels of one store. */
const MAX_TOPICS = 1_000;

/** What gateways without a table have: older than any table. */
export const NO_GENERATION = 0;

/** Of the stores that came last, whether they take messages already or are being added. */
export function newestGeneration({ stores }: Pick<StoreTable, 'stores'>): number {
  return stores.at(-1)?.generation ?? NO_GENERATION;
}

/** Whether stores are being added. */
export function isGrowing(table: StoreTable): boolean {
  return table.active < newestGeneration(table);
}

/** @throws RangeError saying what is wrong with the text, or with what it says */
export function parseStoreTable(text: string): StoreTable {
  const document = fieldsOf(documentOf(text), 'the table of stores');
  const format = document.get('format');
  if (format !== FORMAT) {
    throw new RangeError(`the table of stores has format ${JSON.stringify(format)}, not 1`);
  }
  const table = {
    stores: listOf(document.get('stores'), 'stores').map(storeOf),
    active: countOf(document.get('active'), 'active'),
  };
  requireSound(table);
  return table;
}

/** The text of a table, the same for equal tables. @throws RangeError for one that is not sound */
export function formatStoreTable(table: StoreTable): string {
  requireSound(table);
  const stores = table.stores.map(({ name, topics, generation }) => ({ name, topics, generation }));
  return JSON.stringify({ format: FORMAT, active: table.active, stores });
}

/** @throws RangeError naming the rule that the table breaks */
export function requireSound(table: StoreTable): void {
  const { stores, active } = table;
  const [first] = stores;
  if (first === undefined) throw new RangeError('the table has no stores');
  if (stores.length > MAX_STORES) {
    throw new RangeError(`the table has ${String(stores.length)} stores, 16 are the most`);
  }
  if (new Set(stores.map(({ name }) => name)).size < stores.length) {
    throw new RangeError('the table has a store twice');
  }
  let generation = 1;
  for (const store of stores) {
    requireSoundStore(store);
    if (store.generation !== generation && store.generation !== generation + 1) {
      throw new RangeError(
        `generation ${String(store.generation)} of ${store.name} is out of order`,
      );
    }
    generation = store.generation;
  }
  if (first.generation !== 1) throw new RangeError('the first store is not of generation 1');
  if (!stores.some((store) => store.generation === 1 && store.topics.length === 0)) {
    throw new RangeError('no store of the first generation serves all topics');
  }
  if (active < 1 || active > generation || active < generation - 1) {
    throw new RangeError(
      `generation ${String(active)} cannot be active, ${String(generation)} is the newest`,
    );
  }
}

/** Whether `next` says the same of everything that `table` says, and maybe more. */
export function isGrownFrom(table: StoreTable, next: StoreTable): boolean {
  const { stores } = next;
  return (
    next.active >= table.active &&
    table.stores.every((store, lane) => {
      const other = stores[lane];
      return other !== undefined && textOf(other) === textOf(store);
    }) &&
    // A generation that is there gets no more stores.
    stores.slice(table.stores.length).every((store) => store.generation > newestGeneration(table))
  );
}

function textOf({ name, topics, generation }: TableStore): string {
  return JSON.stringify([name, topics, generation]);
}

function requireSoundStore({ name, topics }: TableStore): void {
  if (!isListable(name)) throw new RangeError(`${JSON.stringify(name)} is no name of a store`);
  if (topics.length > MAX_TOPICS) {
    throw new RangeError(
      `store ${name} serves more than ${String(MAX_TOPICS)} first levels by name`,
    );
  }
  for (const topic of topics) {
    if (!isFirstLevel(topic)) {
      throw new RangeError(`${JSON.stringify(topic)} of store ${name} is no first topic level`);
    }
  }
  if (new Set(topics).size < topics.length) {
    throw new RangeError(`store ${name} serves a first level twice`);
  }
}

/** A whole level, without wildcards, that a comma list can hold. */
export function isFirstLevel(text: string): boolean {
  return isListable(text) && !/[/+#\0]/.test(text);
}

function storeOf(value: unknown): TableStore {
  const store = fieldsOf(value, 'a store');
  const topics = listOf(store.get('topics'), 'topics');
  return {
    name: textIn(store.get('name'), 'name'),
    topics: topics.map((topic) => textIn(topic, 'a topic')),
    generation: countOf(store.get('generation'), 'generation'),
  };
}

function documentOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new RangeError('the table of stores is not JSON', { cause: error });
  }
}

function fieldsOf(value: unknown, what: string): ReadonlyMap<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new RangeError(`${what} is no object`);
  }
  return new Map<string, unknown>(Object.entries(value));
}

function listOf(value: unknown, what: string): readonly unknown[] {
  if (!Array.isArray(value)) throw new RangeError(`${what} is no list`);
  return value;
}

function textIn(value: unknown, what: string): string {
  if (typeof value !== 'string') throw new RangeError(`${what} is no text`);
  return value;
}

function countOf(value: unknown, what: string): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 1) {
    throw new RangeError(`${what} is no number from 1 on`);
  }
  return value;
}
