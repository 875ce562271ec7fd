import { newestGeneration, type StoreTable } from './store-table.ts';
import { p2pClientId } from './topic/p2p-topic.ts';
import { isWildcardFilter } from './topic/topic-filter.ts';
import { firstLevel } from './topic/topic-name.ts';

/** Who serves what in one generation: lanes, ascending. */
interface Generation {
  /** By first level: where that is served by name. */
  readonly named: ReadonlyMap<string, readonly number[]>;
  /** Where all else is served. */
  readonly others: readonly number[];
}

/**
 * Where things lie by a table of stores (docs/adr/0501). The same in every process, whatever its version: what
 * is written here is found there for good, so `weightOf` is a disk format.
 */
export class StoreSpread {
  readonly #generations: readonly Generation[];
  readonly #active: Generation;
  readonly #homes: readonly number[];
  readonly #all: readonly number[];
  readonly #table: StoreTable;

  /** @param table a sound one (`requireSound`) */
  constructor(table: StoreTable) {
    this.#table = table;
    const newest = newestGeneration(table);
    this.#generations = Array.from({ length: newest }, (_, i) => generationOf(table, i + 1));
    const active = this.#generations[table.active - 1];
    if (active === undefined) throw new RangeError('the table has no such generation');
    this.#active = active;
    this.#all = [...table.stores.keys()];
    this.#homes = this.#all.filter((lane) => table.stores[lane]?.generation === 1);
  }

  get lanes(): number {
    return this.#all.length;
  }

  /** Where a message of this topic goes by the active generation; a P2P topic: to the home of its client. */
  laneOfTopic(topic: string): number {
    return this.#placeOf(topic, this.#active);
  }

  /**
   * Where messages that match a filter may lie by any generation, the one that is being prepared included; the
   * oldest lane first.
   */
  lanesOfFilter(filter: string): readonly number[] {
    if (this.#all.length === 1) return this.#all;
    const found = new Set<number>();
    if (!isWildcardFilter(filter)) {
      // A topic moves to stores that are new only: the lanes come in their order.
      for (const generation of this.#generations) found.add(this.#placeOf(filter, generation));
      return [...found];
    }
    const level = firstLevel(filter);
    if (isWildcardFilter(level)) return this.#all;
    for (const generation of this.#generations) {
      for (const lane of serving(level, generation)) found.add(lane);
    }
    return [...found].sort((a, b) => a - b);
  }

  /** Where the session of a client is kept. */
  homeOf(clientId: string): number {
    return chosen(clientId, this.#homes);
  }

  /** How many lanes are of an older generation: they are the first ones. */
  eldersOf(lane: number): number {
    const { stores } = this.#table;
    const generation = this.#generationOf(lane);
    return stores.findIndex((store) => store.generation === generation);
  }

  /** Whether `laneOfTopic` may name the lane: false while its store is being added. */
  isInForce(lane: number): boolean {
    return this.#generationOf(lane) <= this.#table.active;
  }

  #generationOf(lane: number): number {
    const store = this.#table.stores[lane];
    if (store === undefined) throw new RangeError(`no such lane: ${String(lane)}`);
    return store.generation;
  }

  #placeOf(topic: string, generation: Generation): number {
    if (this.#all.length === 1) return 0;
    const client = p2pClientId(topic);
    return client === undefined
      ? chosen(topic, serving(firstLevel(topic), generation))
      : this.homeOf(client);
  }
}

function generationOf({ stores }: StoreTable, generation: number): Generation {
  const named = new Map<string, number[]>();
  const others: number[] = [];
  for (const [lane, store] of stores.entries()) {
    if (store.generation > generation) break;
    if (store.topics.length === 0) others.push(lane);
    for (const level of store.topics) {
      const lanes = named.get(level);
      if (lanes === undefined) named.set(level, [lane]);
      else lanes.push(lane);
    }
  }
  return { named, others };
}

function serving(level: string, { named, others }: Generation): readonly number[] {
  return named.get(level) ?? others;
}

/** Rendezvous hashing: the lane with the greatest weight. A lane that joins takes keys from all others, and no key moves between those. */
function chosen(key: string, lanes: readonly number[]): number {
  const hash = fnv1a(key);
  let best = 0;
  let greatest = -1;
  for (const lane of lanes) {
    const weight = weightOf(hash, lane);
    if (weight > greatest) {
      best = lane;
      greatest = weight;
    }
  }
  return best;
}

/**
 * Weight of a key with this hash in a lane, u32: the finalizer of MurmurHash3 over hash + lane · 9e3779b9 (mod 2^32). It
 * maps different numbers to different ones, so no two lanes have the same weight.
 */
function weightOf(hash: number, lane: number): number {
  let mixed = (hash + Math.imul(lane, 0x9e3779b9)) | 0;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}

/** FNV-1a of 32 bits over the UTF-8 of a key. */
function fnv1a(key: string): number {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(key)) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash;
}
