import type {
  GatewayNode,
  GetConsumerProgressResponse,
  KeptFilter,
  ListFiltersRequest,
  ListFiltersResponse,
  StoreAdminMethods,
} from '../../rpc/messages/storeadmin-v1.ts';
import { loadService } from '../../rpc/proto.ts';
import type { RpcServer, ServerWritableStream } from '../../rpc/rpc-server.ts';
import { RpcError, RpcStatus } from '../../rpc/rpc-status.ts';
import { hasConsumerProgress } from '../spi/consumer-progress.ts';
import type { LmqStore } from '../spi/lmq-store.ts';
import { importFilters, keptFilters } from './kept-filters.ts';
import type { ServerNode } from './server-node.ts';
import type { ServerParts } from './server-parts.ts';

/** Queues in one answer. */
const MAX_QUEUES = 10_000;
/** Filters in one answer. */
const FILTERS_AT_ONCE = 1_000;

/** Serves `proto/lmqtt/storeadmin/v1/storeadmin.proto` beside the store's own service. */
export function addStoreAdmin(
  server: RpcServer,
  store: LmqStore,
  { nodes, generation }: Pick<ServerParts, 'nodes' | 'generation'>,
): void {
  server.addService(loadService<StoreAdminMethods>('lmqtt.storeadmin.v1.StoreAdmin'), {
    getConsumerProgress: ({ consumer }) => consumerProgress(store, consumer),
    getNodes: () => ({
      nodes: Array.from(nodes.all, gatewayNode),
      requiredGeneration: generation.current,
      storeId: nodes.storeId,
      recordsStored: store.stats.recordsStored,
    }),
    requireGeneration: async ({ generation: wanted }) => {
      await generation.require(wanted);
      return { requiredGeneration: generation.current };
    },
    listFilters: (call) => {
      send(call, keptFilters(store, nodes.all));
    },
    importFilters: async ({ filters }) => {
      await importFilters(store, () => nodes.all, filters);
      return {};
    },
  });
}

/** @throws RpcError (rejection) UNIMPLEMENTED when the store cannot tell */
export async function consumerProgress(
  store: LmqStore,
  consumer: string,
): Promise<GetConsumerProgressResponse> {
  if (!hasConsumerProgress(store)) {
    throw new RpcError(RpcStatus.UNIMPLEMENTED, 'this store cannot list offsets');
  }
  const queues = await store.consumerProgress(consumer, MAX_QUEUES);
  return { queues, isCut: queues.length === MAX_QUEUES };
}

function gatewayNode(node: ServerNode): GatewayNode {
  const { id, name, generation, activeGeneration, outbox } = node;
  const isAttached = outbox !== undefined;
  return { nodeId: id, nodeName: name, generation, isAttached, activeGeneration };
}

/** As fast as the caller reads. */
function send(
  call: ServerWritableStream<ListFiltersRequest, ListFiltersResponse>,
  filters: readonly KeptFilter[],
): void {
  let at = 0;
  const sendSome = (): void => {
    while (at < filters.length && !call.cancelled) {
      const some = filters.slice(at, (at += FILTERS_AT_ONCE));
      if (!call.write({ filters: some })) {
        call.once('drain', sendSome);
        return;
      }
    }
    call.end();
  };
  sendSome();
}
