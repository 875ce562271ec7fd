import {
  isGrowing,
  newestGeneration,
  type StoreTable,
  type TableStore,
} from '../../common/store-table.ts';
import { copyFilters } from './filter-copy.ts';
import { requireUnused, type StoreChange, written } from './found-stores.ts';
import { NamesrvFailure } from './namesrv-cluster.ts';
import { requireEverywhere, untilAllFollow, untilAllSwitched } from './store-growth.ts';
import { readStores, type StoresEntry } from './stores-entry.ts';

/**
 * Adds a store while the cluster works (docs/adr/0501): first everybody hears it, then it gets messages. Where it
 * was interrupted it goes on. Resolves with what to print, when every gateway that lives sends messages there.
 * @throws NamesrvFailure (rejection) saying what is in the way
 */
export async function addStore(change: StoreChange, name: string): Promise<string> {
  const { namesrv, patience } = change;
  const entry = await readStores(namesrv);
  if (entry === undefined) {
    throw new NamesrvFailure(['there is no table of stores: foundStores makes it']);
  }
  const known = entry.table.stores.find((store) => store.name === name);
  if (known !== undefined && known.generation <= entry.table.active) {
    await switched(change, entry.table, known.generation);
    return `store ${name} has messages of its own already.`;
  }
  const prepared = known === undefined ? await prepare(change, entry, name) : entry;
  const { table } = prepared;
  const generation = newestGeneration(table);
  patience.progress(`1/4 gateways attach to ${name} and read their subscriptions from there`);
  await follow(change, table, generation);
  patience.progress(`2/4 stores take in gateways with generation ${String(generation)} only`);
  await requireEverywhere(table.stores, generation, change.admins);
  await follow(change, table, generation);
  patience.progress('3/4 filters of sessions that are away');
  const filters = await copyFilters(table, change.admins, patience);
  const active = await written(namesrv, prepared, { ...table, active: generation });
  patience.progress(`4/4 topics go to ${name} (${String(filters)} filters copied)`);
  await switched(change, active.table, generation);
  return `add store ${name} success.`;
}

/** Written as one that is being added. */
async function prepare(
  change: StoreChange,
  entry: StoresEntry,
  name: string,
): Promise<StoresEntry> {
  const { table } = entry;
  if (isGrowing(table)) {
    const [first] = growingStores(table);
    throw new NamesrvFailure([
      `store ${first?.name ?? ''} is being added: run addStore for it to the end first`,
    ]);
  }
  await requireUnused(change, name);
  const { storeTopics = [] } = change.admins.registered(name);
  const generation = newestGeneration(table) + 1;
  const added: TableStore = { name, topics: storeTopics, generation };
  return written(change.namesrv, entry, { ...table, stores: [...table.stores, added] });
}

async function follow(
  { admins, patience }: StoreChange,
  table: StoreTable,
  generation: number,
): Promise<void> {
  try {
    await untilAllFollow(table.stores, generation, admins, patience);
  } catch (error) {
    if (!(error instanceof NamesrvFailure)) throw error;
    const names = growingStores(table).map(({ name }) => name);
    throw new NamesrvFailure([
      error.message,
      `No topic has moved. Mend these gateways or stop them, then run addStore -b ${names.join(',')} again.`,
    ]);
  }
}

/** Until then a publisher that moves between gateways may find its messages in another order, none is lost. */
async function switched(
  { admins, patience }: StoreChange,
  table: StoreTable,
  generation: number,
): Promise<void> {
  try {
    await untilAllSwitched(table.stores, generation, admins, patience);
  } catch (error) {
    if (!(error instanceof NamesrvFailure)) throw error;
    throw new NamesrvFailure([
      error.message,
      'The table says that the store is active: these gateways follow as soon as they can. Look again with storeList.',
    ]);
  }
}

function growingStores(table: StoreTable): readonly TableStore[] {
  return table.stores.filter(({ generation }) => generation > table.active);
}
