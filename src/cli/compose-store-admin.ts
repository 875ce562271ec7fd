import { createStoreAdminServer } from '../lmq/server/store-admin-server.ts';
import type { LmqStore } from '../lmq/spi/lmq-store.ts';
import { type Composition, partOf } from './composition.ts';
import { addressText } from './listen-addresses.ts';
import type { NamedService } from './service-group.ts';
import { reachableStore, storeListenerFrom } from './store-listener.ts';

export interface StoreAdminPart {
  readonly services: readonly NamedService[];
  /** `host:port` that mqadmin is told; empty where it is off. */
  address(): string;
  /** `host:port` listened on. */
  where(): string | undefined;
}

/**
 * The port for mqadmin of a store that has its gateway in the same process, where `enableStoreAdmin` is set.
 * @throws ConfigError when it would let everybody in
 */
export function composeStoreAdmin(composition: Composition, store: LmqStore): StoreAdminPart {
  const { lmq } = composition.config;
  if (!lmq.enableStoreAdmin) {
    return { services: [], address: () => '', where: () => undefined };
  }
  const listener = storeListenerFrom(composition);
  const server = createStoreAdminServer({
    store,
    ...listener,
    ...partOf(composition, 'store admin'),
  });
  return {
    services: [{ name: 'store admin', service: server }],
    address: () => reachableStore(lmq, server.port),
    where: () => addressText(listener.host, server.port),
  };
}
