import { join } from 'node:path';
import type { Clock } from '../../common/clock.ts';
import { messageOf } from '../../common/errors.ts';
import type { Service } from '../../common/lifecycle.ts';
import type { Logger } from '../../common/logger.ts';
import { RemotingServer } from '../../remoting/remoting-server.ts';
import type { RemotingServerLimits } from '../../remoting/remoting-server.ts';
import type { RpcCredentials } from '../../rpc/credentials.ts';
import { RpcServer } from '../../rpc/rpc-server.ts';
import { NAMESRV_SERVICE } from '../rpc/messages.ts';
import { namesrvService } from '../rpc/namesrv-service.ts';
import { Watchers } from '../rpc/watchers.ts';
import type { KvConfig } from '../types.ts';
import { dropConnectNodes } from './connect-nodes.ts';
import type { KvConfigLimits } from './kv-config-limits.ts';
import { KvConfigTable } from './kv-config-table.ts';
import { kvRequestProcessors } from './kv-request-processor.ts';
import type { NamesrvStats } from './namesrv-stats.ts';
import { Registry } from './registry.ts';
import type { RegistryOptions } from './registry.ts';
import { TopicCatalog } from './topic-catalog.ts';
import { topicRequestProcessors } from './topic-request-processor.ts';

/** The gRPC port, for the gateways and stores of a cluster. */
export interface NamesrvRpcOptions {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly credentials: RpcCredentials;
  /** Default 1024. */
  readonly maxWatchers?: number;
  readonly keepAliveMs?: number;
  readonly keepAliveTimeoutMs?: number;
}

const DEFAULT_MAX_WATCHERS = 1024;

export interface NamesrvOptions {
  readonly host: string;
  /** 0 takes a free one; RocketMQ's is 9876. */
  readonly port: number;
  /** Holds `kvConfig.json`; created when missing. Belongs to one name server at a time. */
  readonly directory: string;
  readonly kvConfigLimits?: Partial<KvConfigLimits>;
  /** None: no gRPC port, for a process that is gateway and store itself. */
  readonly rpc?: NamesrvRpcOptions | undefined;
  readonly registry?: Partial<RegistryOptions>;
  readonly remotingLimits?: Partial<RemotingServerLimits>;
  readonly logger: Logger;
  readonly clock: Clock;
}

export interface Namesrv extends Service {
  /** The table, for those who live in the same process. Usable from `start` on. */
  readonly kv: KvConfig;
  /** Stores and gateways that have registered. */
  readonly registry: Registry;
  /** The Remoting port listened on. */
  readonly port: number;
  /** The gRPC port listened on; undefined when there is none. */
  readonly rpcPort: number | undefined;
  /** Open connections. */
  readonly connections: number;
  readonly stats: NamesrvStats;
}

const KV_CONFIG_FILE = 'kvConfig.json';

/**
 * A name server. `start` rejects with KvConfigError for a file that cannot be used and with ListenError
 * for an address that cannot be bound; nothing is left running then.
 */
export function createNamesrv(options: NamesrvOptions): Namesrv {
  const { host, port, clock, logger } = options;
  const kv = new KvConfigTable({
    file: join(options.directory, KV_CONFIG_FILE),
    logger,
    limits: options.kvConfigLimits ?? {},
    clock,
  });
  const registry = new Registry(options.registry ?? {}, clock, logger, (gone) => {
    dropConnectNodes(kv, gone, registry.gateways.list()).catch((error: unknown) => {
      logger.warn({ error: messageOf(error) }, 'silent gateways are still in LMQ_CONNECT_NODES');
    });
  });
  const server = new RemotingServer({
    host,
    port,
    processors: new Map([
      ...kvRequestProcessors(kv),
      ...topicRequestProcessors(new TopicCatalog(kv, registry), registry),
    ]),
    limits: options.remotingLimits ?? {},
    clock,
    logger,
  });
  const rpc = rpcOf(options, kv, registry);
  const services: readonly Service[] = [kv, registry, ...(rpc ? [rpc] : []), server];
  return {
    kv,
    registry,
    get port() {
      return server.port;
    },
    get rpcPort() {
      return rpc?.port;
    },
    get connections() {
      return server.connections;
    },
    get stats() {
      return {
        stores: registry.stores.size,
        gateways: registry.gateways.size,
        kvEntries: kv.size.keys,
        watches: rpc?.watches ?? 0,
        connections: server.connections,
        callsRefused: rpc?.callsRefused ?? 0,
      };
    },
    async start() {
      await startAll(services);
      logger.info({ host, port: server.port, rpcPort: rpc?.port }, 'name server listening');
    },
    async stop() {
      for (const service of services.toReversed()) await service.stop();
    },
  };
}

/** Starts in order; when one cannot, those before it are stopped. */
async function startAll(services: readonly Service[]): Promise<void> {
  for (const [index, service] of services.entries()) {
    try {
      await service.start();
    } catch (error) {
      for (const started of services.slice(0, index).toReversed()) await started.stop();
      throw error;
    }
  }
}

interface NamesrvRpc extends Service {
  readonly port: number;
  readonly watches: number;
  readonly callsRefused: number;
}

function rpcOf(
  { rpc, clock, logger }: NamesrvOptions,
  kv: KvConfigTable,
  registry: Registry,
): NamesrvRpc | undefined {
  if (rpc === undefined) return undefined;
  const { maxWatchers = DEFAULT_MAX_WATCHERS, ...serverOptions } = rpc;
  const watchers = new Watchers({ kv, registry, maxWatchers, logger });
  const server = new RpcServer({ ...serverOptions, clock, logger });
  server.addService(NAMESRV_SERVICE, namesrvService(kv, registry, watchers));
  return {
    get port() {
      return server.port;
    },
    get watches() {
      return watchers.size;
    },
    get callsRefused() {
      return server.callsRefused;
    },
    start: () => server.start(),
    stop: () => {
      watchers.stop();
      return server.stop();
    },
  };
}
