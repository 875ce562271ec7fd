import { createStoreNodeAdmin } from '../admin/node-admin.ts';
import { createStoreServer } from '../lmq/server/store-server.ts';
import { composeServedStore } from './compose-store.ts';
import { type Composition, partOf, type Role } from './composition.ts';
import { addressText } from './listen-addresses.ts';
import { namesrvAddressesFrom, nodeNameFrom } from './node-names.ts';
import { servedTopicsFrom } from './served-topics.ts';
import { ServiceGroup } from './service-group.ts';
import { adminOptionsFrom } from './standalone-options.ts';
import { reachableStore, storeListenerFrom } from './store-listener.ts';
import { storeRegistration } from './store-registration.ts';

/**
 * A store for gateways of other processes. It serves whether or not a name server answers.
 * @throws ConfigError when the configuration contradicts itself, or would let everybody in
 */
export function createLmqRole(composition: Composition): Role {
  const { config } = composition;
  const { nodeLeaseMs, stopTimeoutMs, brokerName } = config.lmq;
  const listener = storeListenerFrom(composition);
  const { host, port, credentials } = listener;
  const namesrvs = namesrvAddressesFrom(config.cluster);
  const { store, services, onFailed } = composeServedStore(composition);
  const server = createStoreServer({
    store,
    leaseMs: nodeLeaseMs,
    ...listener,
    ...partOf(composition, 'server'),
  });
  const registration = storeRegistration(composition, {
    namesrvs: () => namesrvs,
    credentials,
    nodeName: nodeNameFrom(config.cluster, port, process.pid),
    brokerName,
    topics: servedTopicsFrom(config.lmq),
    address: () => reachableStore(config.lmq, server.port),
  });
  const admin = config.lmq.enablePrometheus
    ? createStoreNodeAdmin({
        ...adminOptionsFrom(config.lmq),
        store,
        server,
        ...partOf(composition, 'admin'),
      })
    : undefined;
  const group = new ServiceGroup(
    [
      ...services,
      { name: 'store server', service: server },
      { name: 'registration', service: registration },
      ...(admin === undefined ? [] : [{ name: 'metrics', service: admin }]),
    ],
    composition,
    stopTimeoutMs,
  );
  return {
    start: () => group.start(),
    stop: () => group.stop(),
    where: () => ({
      store: addressText(host, server.port),
      metrics: admin && addressText(config.lmq.exporterHost, admin.port),
    }),
    onFailed,
  };
}
