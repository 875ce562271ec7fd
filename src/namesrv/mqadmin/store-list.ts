import { newestGeneration } from '../../common/store-table.ts';
import { type NamesrvCluster, NamesrvFailure } from './namesrv-cluster.ts';
import type { StoreAdmins } from './store-admins.ts';
import { readStores } from './stores-entry.ts';
import type { Column } from './text-table.ts';
import { addressOf } from './topic-commands.ts';

export const STORE_LIST_COLUMNS: readonly Column[] = [
  { title: '#Broker Name', width: -22 },
  { title: '#Generation', width: -11 },
  { title: '#State', width: -10 },
  { title: '#Addr', width: -22 },
  { title: '#Messages', width: -12 },
  { title: '#Required', width: -9 },
  { title: '#Topics', width: -20 },
  { title: '#Gateways (generation)', width: 0 },
];

/** A row for each store of the table, in its order. @throws NamesrvFailure (rejection) when there is none */
export async function storeRows(
  namesrv: NamesrvCluster,
  admins: StoreAdmins,
): Promise<readonly (readonly string[])[]> {
  const entry = await readStores(namesrv);
  if (entry === undefined) {
    throw new NamesrvFailure(['there is no table of stores: the cluster has one store']);
  }
  const { table } = entry;
  return Promise.all(
    table.stores.map(async ({ name, generation, topics }) => {
      const state = generation > table.active ? 'being added' : 'active';
      const served = topics.length === 0 ? '-' : topics.join(',');
      const [address, messages, required, gateways] = await figuresOf(name, table.active, admins);
      return [
        name,
        `${String(generation)}/${String(newestGeneration(table))}`,
        state,
        address,
        messages,
        required,
        served,
        gateways,
      ];
    }),
  );
}

/** Address, messages, generation that it requires, gateways: what the store tells. */
async function figuresOf(
  name: string,
  active: number,
  admins: StoreAdmins,
): Promise<readonly [string, string, string, string]> {
  try {
    const address = addressOf(admins.registered(name));
    const { nodes, recordsStored, requiredGeneration } = await admins.at(name, (store) =>
      store.getNodes(),
    );
    const gateways = nodes
      .map(({ nodeName, generation, activeGeneration, isAttached }) => {
        const isLate = activeGeneration < Math.min(active, generation);
        const late = isLate ? `, sends by ${String(activeGeneration)}` : '';
        return `${nodeName} (${String(generation)}${late}${isAttached ? '' : ', away'})`;
      })
      .sort();
    return [address, String(recordsStored), String(requiredGeneration), gateways.join(', ')];
  } catch (error) {
    if (!(error instanceof NamesrvFailure)) throw error;
    return ['-', '-', '-', error.message];
  }
}
