import type { DrainOptions } from '../gateway/drain.ts';
import { createRemoteStore } from '../lmq/remote/create-remote-store.ts';
import type { RemoteStore } from '../lmq/remote/remote-store.ts';
import type { KvConfig, StoreRoutes } from '../namesrv/types.ts';
import type { RpcCredentials } from '../rpc/credentials.ts';
import { chooseStore } from './choose-store.ts';
import { composeGateway, type GatewayPart } from './compose-gateway.ts';
import { type Composition, partOf } from './composition.ts';
import { ServiceGroup } from './service-group.ts';

/** What outlives a fence. */
export interface GatewayNode {
  readonly name: string;
  readonly credentials: RpcCredentials;
  readonly namesrv: KvConfig & StoreRoutes;
  readonly drain: DrainOptions;
  /** It serves beside others in front of one store on this machine. */
  readonly isWorker: boolean;
}

/** A gateway over a store of another process, from attaching to it until it stops or is fenced. */
export interface GatewayLife {
  readonly store: RemoteStore;
  readonly gateway: GatewayPart;
  readonly group: ServiceGroup;
  /** The store does not take anything any more: connections are closed all at once. */
  isFenced: boolean;
}

/** @throws ConfigError when the configuration contradicts itself */
export function createGatewayLife(composition: Composition, node: GatewayNode): GatewayLife {
  const { config, clock } = composition;
  const { stopTimeoutMs } = config.connect;
  const store = createRemoteStore({
    nodeName: node.name,
    // It may move while the gateway runs.
    addresses: () => {
      const chosen = chooseStore(node.namesrv.stores());
      return chosen === undefined ? [] : [chosen.address];
    },
    credentials: node.credentials,
    leaseMs: config.lmq.nodeLeaseMs,
    tailBytes: config.lmq.tailBytes,
    maxBacklogBytes: config.lmq.maxBacklogBytes,
    stopTimeoutMs,
    ...partOf(composition, 'store'),
  });
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
    drain,
    isWorker: node.isWorker,
  });
  const services = [{ name: 'store', service: store }, ...gateway.services];
  const group = new ServiceGroup(services, clock, stopTimeoutMs);
  const life: GatewayLife = { store, gateway, group, isFenced: false };
  return life;
}
