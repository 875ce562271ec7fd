import { resolve } from 'node:path';
import { createStoreAdminServer } from '../lmq/server/store-admin-server.ts';
import type { LmqStore } from '../lmq/spi/lmq-store.ts';
import { type Composition, partOf } from './composition.ts';
import { addressText } from './listen-addresses.ts';
import { reachableHost } from './node-names.ts';
import { nodeCredentialsFrom, refuseOpenHost } from './node-security.ts';
import type { NamedService } from './service-group.ts';

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
  const { config, directories } = composition;
  const { enableStoreAdmin, listenHost, listenPort, brokerIP1, backupPath } = config.lmq;
  if (!enableStoreAdmin) {
    return { services: [], address: () => '', where: () => undefined };
  }
  const credentials = nodeCredentialsFrom(config.cluster, directories.conf);
  refuseOpenHost(config.cluster, credentials, listenHost, 'lmq.conf: listenHost');
  const server = createStoreAdminServer({
    store,
    host: listenHost,
    port: listenPort,
    credentials,
    backupDirectory: resolve(directories.data, backupPath),
    ...partOf(composition, 'store admin'),
  });
  return {
    services: [{ name: 'store admin', service: server }],
    address: () => addressText(reachableHost(listenHost, brokerIP1), server.port),
    where: () => addressText(listenHost, server.port),
  };
}
