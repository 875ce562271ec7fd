import type { Clock } from '../../common/clock.ts';
import type { Service } from '../../common/lifecycle.ts';
import type { Logger } from '../../common/logger.ts';
import type { RpcCredentials } from '../../rpc/credentials.ts';
import type { StoreAdminMethods } from '../../rpc/messages/storeadmin-v1.ts';
import { loadService } from '../../rpc/proto.ts';
import { RpcServer, statusOf } from '../../rpc/rpc-server.ts';
import { RpcError, RpcStatus } from '../../rpc/rpc-status.ts';
import type { LmqStore } from '../spi/lmq-store.ts';
import { consumerProgress } from './store-admin.ts';
import { addStoreBackup } from './store-backup.ts';

export interface StoreAdminServerOptions {
  readonly store: LmqStore;
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly credentials: RpcCredentials;
  /** Where backups of the store are put. */
  readonly backupDirectory: string;
  readonly clock: Clock;
  readonly logger: Logger;
}

export interface StoreAdminServer extends Service {
  /** The port listened on; the configured one while stopped. */
  readonly port: number;
}

/**
 * Serves to mqadmin what a store can do for it where gateway and store are one process: progress of consumers and
 * backups. No gateway can attach here: the one of this process shares its sessions with nobody.
 */
export function createStoreAdminServer(options: StoreAdminServerOptions): StoreAdminServer {
  const { store, backupDirectory, ...listen } = options;
  const server = new RpcServer(listen);
  server.addService(loadService<StoreAdminMethods>('lmqtt.storeadmin.v1.StoreAdmin'), {
    getConsumerProgress: ({ consumer }) => consumerProgress(store, consumer),
    getNodes: refuse,
    requireGeneration: refuse,
    listFilters: (call) => {
      call.emit('error', statusOf(noCluster()));
    },
    importFilters: refuse,
  });
  addStoreBackup(server, store, backupDirectory, options.logger);
  return server;
}

function refuse(): never {
  throw noCluster();
}

function noCluster(): RpcError {
  return new RpcError(RpcStatus.UNIMPLEMENTED, 'this store is in one process with its gateway');
}
