import { resolve } from 'node:path';
import type { RpcCredentials } from '../rpc/credentials.ts';
import type { Composition } from './composition.ts';
import type { StoreServerConf } from './config/store-server-keys.ts';
import { addressText } from './listen-addresses.ts';
import { reachableHost } from './node-names.ts';
import { nodeCredentialsFrom, refuseOpenHost } from './node-security.ts';

/** Where a store listens for other processes, whom it lets in, and where its backups go. */
export interface StoreListener {
  readonly host: string;
  readonly port: number;
  readonly credentials: RpcCredentials;
  readonly backupDirectory: string;
}

/** @throws ConfigError when it would let everybody in */
export function storeListenerFrom({ config, directories }: Composition): StoreListener {
  const { listenHost: host, listenPort: port, backupPath } = config.lmq;
  const credentials = nodeCredentialsFrom(config.cluster, directories.conf);
  refuseOpenHost(config.cluster, credentials, host, 'lmq.conf: listenHost');
  return { host, port, credentials, backupDirectory: resolve(directories.data, backupPath) };
}

/** `host:port` at which others reach a store that listens on this port. */
export function reachableStore({ listenHost, brokerIP1 }: StoreServerConf, port: number): string {
  return addressText(reachableHost(listenHost, brokerIP1), port);
}
