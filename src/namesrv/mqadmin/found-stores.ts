import type { StoreTable } from '../../common/store-table.ts';
import { type NamesrvCluster, NamesrvFailure } from './namesrv-cluster.ts';
import type { StoreAdmins } from './store-admins.ts';
import { type Patience, requireEverywhere, untilAllFollow } from './store-growth.ts';
import { readStores, type StoresEntry, writeStores } from './stores-entry.ts';

/** What a change of the table works with. */
export interface StoreChange {
  readonly namesrv: NamesrvCluster;
  readonly admins: StoreAdmins;
  readonly patience: Patience;
  /** Stores that have messages are taken, too. */
  readonly takesUsed: boolean;
}

const FIRST_GENERATION = 1;

/**
 * Makes the table of the first stores. Resolves with what to print.
 * @throws NamesrvFailure (rejection) when there is another table, or a store cannot be taken
 */
export async function foundStores(change: StoreChange, names: readonly string[]): Promise<string> {
  const { namesrv, admins, patience } = change;
  const entry = await readStores(namesrv);
  const table = entry === undefined ? await newTable(change, names) : sameTable(entry, names);
  if (entry === undefined) {
    await written(namesrv, undefined, table);
    patience.progress(`the table is written: ${names.join(', ')}`);
  }
  await requireEverywhere(table.stores, FIRST_GENERATION, admins);
  await untilAllFollow(table.stores, FIRST_GENERATION, admins, patience);
  return `found stores ${names.join(',')} success.`;
}

/** @throws NamesrvFailure (rejection) when the table is not sound, or has been changed by somebody else */
export async function written(
  namesrv: NamesrvCluster,
  previous: StoresEntry | undefined,
  table: StoreTable,
): Promise<StoresEntry> {
  try {
    return await writeStores(namesrv, previous, table);
  } catch (error) {
    if (error instanceof RangeError) throw new NamesrvFailure([error.message]);
    throw error;
  }
}

/** @throws NamesrvFailure (rejection) when gateways have used the store for something else */
export async function requireUnused(
  { admins, takesUsed }: Pick<StoreChange, 'admins' | 'takesUsed'>,
  name: string,
): Promise<void> {
  const { nodes, recordsStored, requiredGeneration } = await admins.at(name, (store) =>
    store.getNodes(),
  );
  if (takesUsed) return;
  const reason =
    nodes.length > 0
      ? `gateways are at it: ${nodes.map(({ nodeName }) => nodeName).join(', ')}`
      : recordsStored > 0
        ? `it has ${String(recordsStored)} messages`
        : requiredGeneration > 0
          ? `it has been in a table of stores before`
          : undefined;
  if (reason !== undefined) throw new NamesrvFailure([`store ${name} is not new: ${reason}`]);
}

/** One store may have been the only one of a cluster: everything is in it. Of several none may. */
async function newTable(change: StoreChange, names: readonly string[]): Promise<StoreTable> {
  const { admins } = change;
  const stores = names.map((name) => {
    const { storeTopics = [] } = admins.registered(name);
    return { name, topics: storeTopics, generation: FIRST_GENERATION };
  });
  if (names.length > 1) {
    for (const name of names) {
      await requireUnused(change, name).catch((error: unknown) => {
        if (!(error instanceof NamesrvFailure)) throw error;
        const advice = 'found the cluster with the store in use alone, and add the others to it';
        throw new NamesrvFailure([error.message, advice]);
      });
    }
  }
  return { stores, active: FIRST_GENERATION };
}

/** Was made before, and not to the end. */
function sameTable({ table }: StoresEntry, names: readonly string[]): StoreTable {
  const first = table.stores.filter(({ generation }) => generation === FIRST_GENERATION);
  const isSame =
    table.stores.length === first.length &&
    names.length === first.length &&
    first.every(({ name }, index) => name === names[index]);
  if (isSame) return table;
  const founded = table.stores.map(({ name }) => name).join(', ');
  throw new NamesrvFailure([`topics are spread over ${founded} already: see addStore`]);
}
