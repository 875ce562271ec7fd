import type { DrainOptions } from '../gateway/drain.ts';
import { newestGeneration, type StoreTable } from '../common/store-table.ts';
import { createRemoteStore } from '../lmq/remote/create-remote-store.ts';
import type { RemoteStore } from '../lmq/remote/remote-store.ts';
import type { LanePlace } from '../lmq/spi/lane-store.ts';
import { createRoutedStore, type RoutedStore } from '../lmq/routed/routed-store.ts';
import type { Cluster } from '../lmq/spi/cluster.ts';
import type { LmqStore } from '../lmq/spi/lmq-store.ts';
import type { KvConfig, RegistryView } from '../namesrv/types.ts';
import type { RpcCredentials } from '../rpc/credentials.ts';
import { addressesOfStore } from './choose-store.ts';
import { composeGateway, type GatewayPart } from './compose-gateway.ts';
import { type Composition, partOf } from './composition.ts';
import { ServiceGroup } from './service-group.ts';
import { TableWatch } from './table-watch.ts';

/** What outlives a fence. */
export interface GatewayNode {
  readonly name: string;
  readonly credentials: RpcCredentials;
  readonly namesrv: KvConfig & RegistryView;
  readonly drain: DrainOptions;
  /** It serves beside others in front of one store on this machine. */
  readonly isWorker: boolean;
}

/** A gateway over stores of other processes, from attaching to them until it stops or is fenced. */
export interface GatewayLife {
  readonly store: LmqStore & Cluster;
  readonly gateway: GatewayPart;
  readonly group: ServiceGroup;
  /** The store does not take anything any more: connections are closed all at once. */
  isFenced: boolean;
}

/**
 * @param table undefined: the cluster has one store
 * @param onFounded there is a table now; called once, when there was none
 * @throws ConfigError when the configuration contradicts itself
 */
export function createGatewayLife(
  composition: Composition,
  node: GatewayNode,
  table: StoreTable | undefined,
  onFounded: () => void,
): GatewayLife {
  const { config } = composition;
  const { stopTimeoutMs } = config.connect;
  const { store, routed, away } = storesOf(composition, node, table);
  const drain: DrainOptions = {
    ...node.drain,
    get timeMs() {
      return life.isFenced ? 0 : node.drain.timeMs;
    },
  };
  const gateway = composeGateway(composition, {
    store,
    kv: node.namesrv,
    cluster: store,
    stores: routed,
    storesAway: away,
    drain,
    isWorker: node.isWorker,
  });
  const growth = new TableWatch({
    kv: node.namesrv,
    store: routed,
    onFounded,
    ...partOf(composition, 'stores'),
  });
  const services = [
    { name: 'store', service: store },
    ...gateway.services,
    { name: 'table of stores', service: growth },
  ];
  const group = new ServiceGroup(services, composition, stopTimeoutMs);
  const life: GatewayLife = { store, gateway, group, isFenced: false };
  return life;
}

interface LifeStores {
  readonly store: LmqStore & Cluster;
  /** Undefined when there is no table. */
  readonly routed: RoutedStore | undefined;
  /** Stores that are not connected, as people call them. */
  readonly away: () => readonly string[];
}

function storesOf(
  composition: Composition,
  node: GatewayNode,
  table: StoreTable | undefined,
): LifeStores {
  if (table === undefined) {
    const store = remoteStore(composition, node);
    return { store, routed: undefined, away: () => (store.isAttached ? [] : ['store']) };
  }
  const store = routedStore(composition, node, table);
  return { store, routed: store, away: () => store.away.map((name) => `store ${name}`) };
}

function routedStore(composition: Composition, node: GatewayNode, table: StoreTable): RoutedStore {
  const parts = partOf(composition, 'stores');
  parts.logger.info(
    { stores: table.stores.map(({ name }) => name), generation: newestGeneration(table) },
    'topics are spread over several stores',
  );
  return createRoutedStore({
    table,
    member: (name, place) => remoteStore(composition, node, name, place),
    ...parts,
  });
}

/** @param name of a table; undefined: the only store that there is */
function remoteStore(
  composition: Composition,
  { name: nodeName, namesrv, credentials }: GatewayNode,
  name?: string,
  place: Partial<LanePlace> = {},
): RemoteStore {
  const { connect, lmq } = composition.config;
  const { clock, logger } = partOf(composition, 'store');
  return createRemoteStore({
    nodeName,
    // It may move while the gateway runs.
    addresses: () => addressesOfStore(namesrv.stores(), name),
    credentials,
    leaseMs: lmq.nodeLeaseMs,
    tailBytes: lmq.tailBytes,
    maxBacklogBytes: lmq.maxBacklogBytes,
    stopTimeoutMs: connect.stopTimeoutMs,
    clock,
    logger: name === undefined ? logger : logger.child({ store: name }),
    ...place,
  });
}
