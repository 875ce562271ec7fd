import { join } from 'node:path';
import type { Clock } from '../../common/clock.ts';
import type { Service } from '../../common/lifecycle.ts';
import type { Logger } from '../../common/logger.ts';
import { RemotingServer } from '../../remoting/remoting-server.ts';
import type { RemotingServerLimits } from '../../remoting/remoting-server.ts';
import type { KvConfig } from '../types.ts';
import type { KvConfigLimits } from './kv-config-limits.ts';
import { KvConfigTable } from './kv-config-table.ts';
import { kvRequestProcessors } from './kv-request-processor.ts';

export interface NamesrvOptions {
  readonly host: string;
  /** 0 takes a free one; RocketMQ's is 9876. */
  readonly port: number;
  /** Holds `kvConfig.json`; created when missing. Belongs to one name server at a time. */
  readonly directory: string;
  readonly kvConfigLimits?: Partial<KvConfigLimits>;
  readonly remotingLimits?: Partial<RemotingServerLimits>;
  readonly logger: Logger;
  readonly clock: Clock;
}

export interface Namesrv extends Service {
  /** The table, for those who live in the same process. Usable from `start` on. */
  readonly kv: KvConfig;
  /** The port listened on. */
  readonly port: number;
  /** Open connections. */
  readonly connections: number;
}

export const KV_CONFIG_FILE = 'kvConfig.json';

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
  });
  const server = new RemotingServer({
    host,
    port,
    processors: kvRequestProcessors(kv),
    limits: options.remotingLimits ?? {},
    clock,
    logger,
  });
  return {
    kv,
    get port() {
      return server.port;
    },
    get connections() {
      return server.connections;
    },
    async start() {
      await kv.start();
      try {
        await server.start();
      } catch (error) {
        await kv.stop();
        throw error;
      }
      logger.info({ host, port: server.port }, 'name server listening');
    },
    async stop() {
      await server.stop();
      await kv.stop();
    },
  };
}
