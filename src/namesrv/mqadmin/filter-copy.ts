import { StoreSpread } from '../../common/store-spread.ts';
import { newestGeneration, type StoreTable } from '../../common/store-table.ts';
import type { StoreAdmin, StoreAdmins } from './store-admins.ts';
import { type Patience, untilNone } from './store-growth.ts';

type Filters = Awaited<ReturnType<StoreAdmin['listFilters']>>;
type Filter = Filters[number];

/**
 * Makes the uses of sessions that are away known to the stores that are being added; gateways see to those
 * of sessions that are there. All gateways follow already: what is subscribed from now on is written to both.
 * @throws NamesrvFailure (rejection)
 */
export async function copyFilters(
  table: StoreTable,
  admins: StoreAdmins,
  patience: Patience,
): Promise<number> {
  const newest = newestGeneration(table);
  const spread = new StoreSpread(table);
  const maySee = (filter: string, name: string): boolean =>
    spread.lanesOfFilter(filter).some((lane) => table.stores[lane]?.name === name);
  const [older, added] = [
    table.stores.filter(({ generation }) => generation < newest),
    table.stores.filter(({ generation }) => generation === newest),
  ];
  const copied = new Set<string>();
  const olderFilters = async (): Promise<readonly Filter[]> => {
    const lists = await Promise.all(
      older.map(({ name }) => admins.at(name, (store) => store.listFilters())),
    );
    return greatest(lists.flat());
  };
  await untilNone(patience, async () => {
    await admins.refresh();
    let missing = 0;
    for (const { name } of added) {
      const wanted = (await olderFilters()).filter(({ filter }) => maySee(filter, name));
      await admins.at(name, (store) => store.importFilters(wanted));
      for (const { filter } of wanted) copied.add(filter);
      // Somebody may have subscribed between list and import: what lacks now is brought by the next round.
      const there = await admins.at(name, (store) => store.listFilters());
      const later = (await olderFilters()).filter(({ filter }) => maySee(filter, name));
      missing += lackOf(later, there);
    }
    return missing === 0 ? [] : [`${String(missing)} filters have got subscriptions meanwhile`];
  });
  return copied.size;
}

/** One entry a filter. */
function greatest(filters: readonly Filter[]): readonly Filter[] {
  const merged = new Map<string, Filter>();
  for (const entry of filters) {
    const { filter, pinned, durableUses } = entry;
    const known = merged.get(filter);
    if (known === undefined) {
      merged.set(filter, entry);
    } else {
      merged.set(filter, {
        filter,
        pinned: known.pinned || pinned,
        durableUses: Math.max(known.durableUses, durableUses),
      });
    }
  }
  return [...merged.values()].filter(({ pinned, durableUses }) => pinned || durableUses > 0);
}

function lackOf(wanted: readonly Filter[], there: readonly Filter[]): number {
  const known = new Map(there.map((entry) => [entry.filter, entry]));
  return wanted.filter(({ filter, pinned, durableUses }) => {
    const entry = known.get(filter);
    if (entry === undefined) return true;
    return entry.durableUses < durableUses || (pinned && !entry.pinned);
  }).length;
}
