import type { StoreAdminMethods } from '../../rpc/messages/storeadmin-v1.ts';
import { loadService } from '../../rpc/proto.ts';
import type { RpcServer } from '../../rpc/rpc-server.ts';
import { RpcError, RpcStatus } from '../../rpc/rpc-status.ts';
import { hasConsumerProgress } from '../spi/consumer-progress.ts';

/** Queues in one answer. */
const MAX_QUEUES = 10_000;

/** Serves `proto/lmqtt/storeadmin/v1/storeadmin.proto` beside the store's own service. */
export function addStoreAdmin(server: RpcServer, store: object): void {
  server.addService(loadService<StoreAdminMethods>('lmqtt.storeadmin.v1.StoreAdmin'), {
    getConsumerProgress: async ({ consumer }) => {
      if (!hasConsumerProgress(store)) {
        throw new RpcError(RpcStatus.UNIMPLEMENTED, 'this store cannot list offsets');
      }
      const queues = await store.consumerProgress(consumer, MAX_QUEUES);
      return { queues, isCut: queues.length === MAX_QUEUES };
    },
  });
}
