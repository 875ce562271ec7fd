import { formatStoreTable, parseStoreTable, type StoreTable } from '../../common/store-table.ts';
import { KvClient } from '../client/kv-client.ts';
import { LMQTT_NAMESPACE, STORES_KEY } from '../types.ts';
import { type NamesrvCluster, NamesrvFailure } from './namesrv-cluster.ts';

/** The table of stores as a name server has it. */
export interface StoresEntry {
  readonly text: string;
  readonly table: StoreTable;
}

/** Undefined when there is no table. @throws NamesrvFailure (rejection), also for one that is not sound */
export async function readStores(namesrv: NamesrvCluster): Promise<StoresEntry | undefined> {
  const text = await namesrv.onOne((remoting) =>
    new KvClient(remoting).get(LMQTT_NAMESPACE, STORES_KEY),
  );
  if (text === undefined) return undefined;
  try {
    return { text, table: parseStoreTable(text) };
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new NamesrvFailure([`${LMQTT_NAMESPACE}/${STORES_KEY}: ${error.message}`]);
  }
}

/**
 * Writes at one name server, where all writers meet; the nodes of the cluster bring it to the others.
 * @throws NamesrvFailure (rejection) when somebody has changed it meanwhile
 */
export async function writeStores(
  namesrv: NamesrvCluster,
  previous: StoresEntry | undefined,
  table: StoreTable,
): Promise<StoresEntry> {
  const text = formatStoreTable(table);
  await namesrv.onOne((remoting) =>
    new KvClient(remoting).replace(LMQTT_NAMESPACE, STORES_KEY, previous?.text, text),
  );
  return { text, table };
}
