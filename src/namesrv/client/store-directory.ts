import { isDeepStrictEqual } from 'node:util';
import type { Registry } from '../../rpc/messages/namesrv-v1.ts';
import type { GatewayRegistration, StoreRegistration } from '../types.ts';

type Named = StoreRegistration | GatewayRegistration;

/** Who is alive according to all name servers together. */
export class StoreDirectory {
  #stores: ReadonlyMap<string, StoreRegistration> = new Map();
  #gateways: ReadonlyMap<string, GatewayRegistration> = new Map();

  get stores(): ReadonlyMap<string, StoreRegistration> {
    return this.#stores;
  }

  get gateways(): ReadonlyMap<string, GatewayRegistration> {
    return this.#gateways;
  }

  /**
   * Takes over what the name servers that are up say; true when that changes something. With none up the
   * last knowledge stays; beside one that has started a moment ago it stays too, since not all
   * have registered there again.
   */
  update(registries: readonly Registry[]): boolean {
    if (registries.length === 0) return false;
    const isCertain = registries.some(({ isWarmingUp }) => !isWarmingUp);
    const stores = registries.map((registry) => registry.stores);
    const gateways = registries.map((registry) => registry.gateways);
    const known = isCertain ? [] : [[...this.#stores.values()]];
    const knownGateways = isCertain ? [] : [[...this.#gateways.values()]];
    const newStores = unionOf<StoreRegistration>([...stores, ...known]);
    const newGateways = unionOf<GatewayRegistration>([...gateways, ...knownGateways]);
    const isSame =
      isDeepStrictEqual(newStores, this.#stores) && isDeepStrictEqual(newGateways, this.#gateways);
    if (isSame) return false;
    this.#stores = newStores;
    this.#gateways = newGateways;
    return true;
  }
}

/** By name, each in its youngest life, sorted. */
function unionOf<T extends Named>(lists: readonly (readonly T[])[]): ReadonlyMap<string, T> {
  const union = new Map<string, T>();
  for (const registration of lists.flat()) {
    const known = union.get(registration.name);
    if (known === undefined || known.epoch < registration.epoch) {
      union.set(registration.name, registration);
    }
  }
  return new Map([...union].sort(([a], [b]) => (a < b ? -1 : 1)));
}
