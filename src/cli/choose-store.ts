import { parseStoreTable, type StoreTable } from '../common/store-table.ts';
import {
  type KvConfig,
  LMQTT_NAMESPACE,
  type StoreRegistration,
  STORES_KEY,
} from '../namesrv/types.ts';

type Registered = ReadonlyMap<string, StoreRegistration>;

/** The table of stores; undefined when the cluster has one store. @throws RangeError when it is not sound */
export function storeTableIn(kv: Pick<KvConfig, 'get'>): StoreTable | undefined {
  const text = kv.get(LMQTT_NAMESPACE, STORES_KEY);
  return text === undefined ? undefined : parseStoreTable(text);
}

/**
 * Where a store may be now: that of a table by its name, else the one that serves every topic. None while it is
 * not registered, nor while several serve every topic and there is no table: gateways that took different ones
 * would not see each other's clients.
 */
export function addressesOfStore(stores: Registered, name?: string): readonly string[] {
  if (name !== undefined) {
    const store = stores.get(name);
    return store === undefined ? [] : [store.address];
  }
  const serving = servingAll(stores);
  return serving.length === 1 ? serving.map(({ address }) => address) : [];
}

/** What a gateway has to wait for before it can start; undefined for nothing. Of several stores one is enough. */
export function whyNoStore(stores: Registered, table: StoreTable | undefined): string | undefined {
  if (table !== undefined) {
    const names = table.stores.map(({ name }) => name);
    return names.some((name) => stores.has(name))
      ? undefined
      : `waiting for one of the stores ${names.join(', ')} to register at the name servers`;
  }
  const names = servingAll(stores).map(({ name }) => name);
  if (names.length === 1) return undefined;
  return names.length === 0
    ? 'waiting for a store to register at the name servers'
    : `waiting until one store is left: ${names.join(', ')} all serve every topic ` +
        '(brokerName of lmq.conf), and mqadmin foundStores has not been run';
}

function servingAll(stores: Registered): StoreRegistration[] {
  return [...stores.values()].filter(({ topics }) => topics.length === 0);
}
