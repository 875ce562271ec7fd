import { StoreSpread } from '../../../src/common/store-spread.ts';
import type { StoreTable } from '../../../src/common/store-table.ts';
import type { Cluster } from '../../helpers/cluster.ts';

/** The table of stores of which the first `founded` were there first, each other one came alone. */
export function tableOf(cluster: Cluster, founded: number = cluster.stores.length): StoreTable {
  const stores = cluster.stores.map(({ name }, index) => ({
    name,
    topics: [],
    generation: index < founded ? 1 : 2 + index - founded,
  }));
  return { stores, active: stores.at(-1)?.generation ?? 1 };
}

/** Names of topics and clients by the store that they lie in. */
export class Placement {
  readonly #spread: StoreSpread;

  constructor(table: StoreTable) {
    this.#spread = new StoreSpread(table);
  }

  /** `count` topics that begin with `prefix` and lie in the store of that lane. */
  topics(lane: number, prefix: string, count: number): readonly string[] {
    return first(count, prefix, (name) => this.#spread.laneOfTopic(name) === lane);
  }

  topic(lane: number, prefix: string): string {
    return this.topics(lane, prefix, 1)[0] as string;
  }

  /** A client id whose sessions are at home in the store of that lane. */
  clientId(lane: number, prefix: string): string {
    return first(1, prefix, (name) => this.#spread.homeOf(name) === lane)[0] as string;
  }

  laneOfTopic(topic: string): number {
    return this.#spread.laneOfTopic(topic);
  }
}

function first(count: number, prefix: string, fits: (name: string) => boolean): readonly string[] {
  const names: string[] = [];
  for (let number = 0; names.length < count; number++) {
    const name = `${prefix}${String(number)}`;
    if (fits(name)) names.push(name);
  }
  return names;
}
