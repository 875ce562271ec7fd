import { resolve } from 'node:path';
import { createStoreNodeAdmin } from '../admin/node-admin.ts';
import { createStoreServer } from '../lmq/server/store-server.ts';
import { composeServedStore } from './compose-store.ts';
import { type Composition, partOf, type Role } from './composition.ts';
import { addressText } from './listen-addresses.ts';
import { namesrvAddressesFrom, nodeNameFrom, reachableHost } from './node-names.ts';
import { servedTopicsFrom } from './served-topics.ts';
import { nodeCredentialsFrom, refuseOpenHost } from './node-security.ts';
import { ServiceGroup } from './service-group.ts';
import { adminOptionsFrom } from './standalone-options.ts';
import { storeRegistration } from './store-registration.ts';

/**
 * A store for gateways of other processes. It serves whether or not a name server answers.
 * @throws ConfigError when the configuration contradicts itself, or would let everybody in
 */
export function createLmqRole(composition: Composition): Role {
  const { config, directories, clock } = composition;
  const { listenHost, listenPort, nodeLeaseMs, stopTimeoutMs, brokerName, brokerIP1 } = config.lmq;
  const credentials = nodeCredentialsFrom(config.cluster, directories.conf);
  refuseOpenHost(config.cluster, credentials, listenHost, 'lmq.conf: listenHost');
  const namesrvs = namesrvAddressesFrom(config.cluster);
  const { store, services, onFailed } = composeServedStore(composition);
  const server = createStoreServer({
    store,
    host: listenHost,
    port: listenPort,
    leaseMs: nodeLeaseMs,
    credentials,
    backupDirectory: resolve(directories.data, config.lmq.backupPath),
    ...partOf(composition, 'server'),
  });
  const registration = storeRegistration(composition, {
    namesrvs: () => namesrvs,
    credentials,
    nodeName: nodeNameFrom(config.cluster, listenPort, process.pid),
    brokerName,
    topics: servedTopicsFrom(config.lmq),
    address: () => addressText(reachableHost(listenHost, brokerIP1), server.port),
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
    clock,
    stopTimeoutMs,
  );
  return {
    start: () => group.start(),
    stop: () => group.stop(),
    where: () => ({
      store: addressText(listenHost, server.port),
      metrics: admin && addressText(config.lmq.exporterHost, admin.port),
    }),
    onFailed,
  };
}
