import type { StoreRegistration } from '../namesrv/types.ts';

/**
 * The store of a gateway: the one that serves every topic. With several of them all gateways take the
 * same one, the first by name. Undefined while none is registered.
 */
export function chooseStore(
  stores: ReadonlyMap<string, StoreRegistration>,
): StoreRegistration | undefined {
  const serving = [...stores.values()].filter(({ topics }) => topics.length === 0);
  return serving.sort((a, b) => (a.name < b.name ? -1 : 1))[0];
}
