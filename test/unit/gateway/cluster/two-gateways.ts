import type { World } from '../gateway-world.ts';

/** A world with the first two of its gateways. */
export async function twoGateways<Store extends { gateway(): Promise<World> }>(
  store: Store,
): Promise<[store: Store, a: World, b: World]> {
  return [store, await store.gateway(), await store.gateway()];
}
