import { newestGeneration, NO_GENERATION } from '../../common/store-table.ts';
import { type NamesrvCluster, NamesrvFailure } from './namesrv-cluster.ts';
import type { StoreAdmins } from './store-admins.ts';
import { readStores } from './stores-entry.ts';
import { type Column, textTable } from './text-table.ts';
import { addressOf } from './topic-commands.ts';

type Figures = readonly [address: string, messages: string, required: string, gateways: string];

const STORE_LIST_COLUMNS: readonly Column[] = [
  { title: '#Broker Name', width: -22 },
  { title: '#Generation', width: -11 },
  { title: '#State', width: -10 },
  { title: '#Addr', width: -22 },
  { title: '#Messages', width: -12 },
  { title: '#Required', width: -9 },
  { title: '#Topics', width: -20 },
  { title: '#Gateways (generation)', width: 0 },
];

/** What `storeList` prints: a row for each store of the table, in its order, or for each that is registered. */
export async function storeList(namesrv: NamesrvCluster, admins: StoreAdmins): Promise<string> {
  const entry = await readStores(namesrv);
  if (entry === undefined) return withoutTable(admins);
  const { table } = entry;
  const rows = await Promise.all(
    table.stores.map(async ({ name, generation, topics }) => {
      const state = generation > table.active ? 'being added' : 'active';
      const ofNewest = `${String(generation)}/${String(newestGeneration(table))}`;
      return rowOf({ name, ofNewest, state, topics }, await figuresOf(name, table.active, admins));
    }),
  );
  return textTable(STORE_LIST_COLUMNS, rows).join('\n');
}

async function withoutTable(admins: StoreAdmins): Promise<string> {
  const stores = admins.all;
  const rows = await Promise.all(
    stores.map(async ({ brokerName, storeTopics: topics = [] }) => {
      const store = { name: brokerName, ofNewest: '-', state: '-', topics };
      return rowOf(store, await figuresOf(brokerName, NO_GENERATION, admins));
    }),
  );
  const serving = stores.filter(({ storeTopics = [] }) => storeTopics.length === 0);
  const meaning =
    serving.length === 1
      ? 'the cluster has one store'
      : 'gateways wait until one store that serves every topic is registered, or foundStores has been run';
  return [...textTable(STORE_LIST_COLUMNS, rows), `There is no table of stores: ${meaning}.`].join(
    '\n',
  );
}

function rowOf(
  store: { name: string; ofNewest: string; state: string; topics: readonly string[] },
  [address, messages, required, gateways]: Figures,
): readonly string[] {
  const { name, ofNewest, state, topics } = store;
  const served = topics.length === 0 ? '-' : topics.join(',');
  return [name, ofNewest, state, address, messages, required, served, gateways];
}

/** Address, messages, generation that it requires, gateways: what the store tells. */
async function figuresOf(name: string, active: number, admins: StoreAdmins): Promise<Figures> {
  let address = '-';
  try {
    address = addressOf(admins.registered(name));
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
    return [address, '-', '-', error.message];
  }
}
