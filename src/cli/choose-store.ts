import type { StoreRegistration } from '../namesrv/types.ts';

/**
 * The store of a gateway: the one that serves every topic. Undefined while none is registered, and while
 * several are: gateways that took different ones would not see each other's clients.
 */
export function chooseStore(
  stores: ReadonlyMap<string, StoreRegistration>,
): StoreRegistration | undefined {
  const serving = servingAll(stores);
  return serving.length === 1 ? serving[0] : undefined;
}

/** Why `chooseStore` has none, for the log. */
export function whyNoStore(stores: ReadonlyMap<string, StoreRegistration>): string {
  const names = servingAll(stores).map(({ name }) => name);
  return names.length === 0
    ? 'waiting for a store to register at the name servers'
    : `waiting until one store is left: ${names.join(', ')} all serve every topic (brokerName of lmq.conf)`;
}

function servingAll(stores: ReadonlyMap<string, StoreRegistration>): StoreRegistration[] {
  return [...stores.values()].filter(({ topics }) => topics.length === 0);
}
