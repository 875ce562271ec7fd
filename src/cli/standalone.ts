import { composeGateway } from './compose-gateway.ts';
import { composeNamesrv } from './compose-namesrv.ts';
import { composeStore } from './compose-store.ts';
import { composeStoreAdmin } from './compose-store-admin.ts';
import type { Composition, Role } from './composition.ts';
import { ownGatewayRegistration, ownStoreRegistration } from './own-registration.ts';
import { ServiceGroup } from './service-group.ts';
import { usableCores, workersToStart } from './worker-count.ts';
import { createStandaloneWithWorkers } from './workers.ts';

/**
 * Store, name server and gateway in one process; with `workers` of `connect.conf` and cores for them the gateway in several others.
 * @param cores that it may use
 * @throws ConfigError when the configuration contradicts itself
 */
export function createStandalone(composition: Composition, cores: number = usableCores()): Role {
  const { config } = composition;
  const workers = workersToStart(composition, cores);
  if (workers > 1) return createStandaloneWithWorkers(composition, workers);
  const store = composeStore(composition);
  const namesrv = composeNamesrv(composition);
  const gateway = composeGateway(composition, {
    store: store.store,
    kv: namesrv.namesrv.kv,
    namesrvConnections: () => namesrv.namesrv.connections,
  });
  const storeAdmin = composeStoreAdmin(composition, store.store);
  const { registry } = namesrv.namesrv;
  const ownStore = ownStoreRegistration(composition, registry, () => storeAdmin.address());
  const ownGateway = ownGatewayRegistration(composition, registry, () => gateway.where());
  const services = [
    ...store.services,
    ...namesrv.services,
    ...storeAdmin.services,
    { name: 'registration of the store', service: ownStore },
    ...gateway.services,
    { name: 'registration of the gateway', service: ownGateway },
  ];
  const group = new ServiceGroup(services, composition, config.connect.stopTimeoutMs);
  return {
    start: () => group.start(),
    stop: () => group.stop(),
    where: () => {
      const admin = storeAdmin.where();
      return {
        ...gateway.where(),
        ...namesrv.where(),
        ...(admin === undefined ? {} : { store: admin }),
      };
    },
    onFailed: store.onFailed,
  };
}
