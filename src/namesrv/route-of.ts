import { splitList } from '../common/comma-list.ts';
import { StoreSpread } from '../common/store-spread.ts';
import type { StoreTable } from '../common/store-table.ts';
import type { Route, StoreRegistration } from './types.ts';

/**
 * The stores of a first level: those that it is pinned to, else those that serve it by name, else all that
 * serve nothing by name.
 * @param pinned value of its key in `LMQ_ROUTES`
 */
export function routeOf(
  firstTopic: string,
  pinned: string | undefined,
  stores: ReadonlyMap<string, StoreRegistration>,
): Route {
  const names = [...splitList(pinned)].sort();
  if (names.length > 0) return routeBy(names, stores, true);
  const all = [...stores.values()];
  const serving = all.filter(({ topics }) => topics.includes(firstTopic));
  const chosen = serving.length > 0 ? serving : all.filter(({ topics }) => topics.length === 0);
  return routeBy(chosen.map(({ name }) => name).sort(), stores, false);
}

/** The stores that may have messages of a first level, by the table that topics are spread by. */
export function routeInTable(
  firstTopic: string,
  table: StoreTable,
  stores: ReadonlyMap<string, StoreRegistration>,
): Route {
  const lanes = new StoreSpread(table).lanesOfFilter(`${firstTopic}/#`);
  const names = lanes.flatMap((lane) => table.stores[lane]?.name ?? []);
  return routeBy(names.sort(), stores, false);
}

function routeBy(
  names: readonly string[],
  stores: ReadonlyMap<string, StoreRegistration>,
  isPinned: boolean,
): Route {
  const registered = names.flatMap((name) => stores.get(name) ?? []);
  return { names, stores: registered, isPinned };
}
