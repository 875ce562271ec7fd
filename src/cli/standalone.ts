import type { Clock } from '../common/clock.ts';
import type { Service } from '../common/lifecycle.ts';
import type { Logger } from '../common/logger.ts';
import { Gateway } from '../gateway/gateway.ts';
import { TopicMetadata } from '../gateway/routing/topic-metadata.ts';
import { createEmbeddedStore } from '../lmq/embedded/embedded-store.ts';
import { createNamesrv } from '../namesrv/server/namesrv-server.ts';
import { authenticatorFrom } from './authentication.ts';
import type { Config } from './config/load-all.ts';
import { ensureDirectory } from './directories.ts';
import { hostsOf } from './listen-addresses.ts';
import { NodeRegistration } from './node-registration.ts';
import { ServiceGroup } from './service-group.ts';
import {
  gatewayLimitsFrom,
  namesrvOptionsFrom,
  storeOptionsFrom,
  tcpKeepAliveFrom,
} from './standalone-options.ts';

/** Store, name server and gateway in one process. */
export interface Standalone extends Service {
  /** `host:port` of every MQTT listener; known once started. */
  mqttAddresses(): readonly string[];
  /** `host:port` of the name server; known once started. */
  namesrvAddress(): string;
}

/**
 * Wires the concrete classes.
 * @throws ConfigError when the configuration contradicts itself
 */
export function createStandalone(
  config: Config,
  dataDirectory: string,
  logger: Logger,
  clock: Clock,
): Standalone {
  const { connect, service, lmq, namesrv: namesrvConf } = config;
  const hosts = hostsOf(connect.mqttHost);
  const authenticator = authenticatorFrom(service, hosts);
  const scoped = (part: string): { logger: Logger; clock: Clock } => ({
    logger: logger.child({ part }),
    clock,
  });
  const storeOptions = storeOptionsFrom(lmq, dataDirectory);
  const store = createEmbeddedStore({ ...storeOptions, ...scoped('store') });
  const namesrvOptions = namesrvOptionsFrom(namesrvConf, dataDirectory);
  const namesrv = createNamesrv({ ...namesrvOptions, ...scoped('namesrv') });
  const metadata = new TopicMetadata({
    kv: namesrv.kv,
    filters: store,
    autoCreateTopic: connect.autoCreateTopic,
    autoCreateWildcard: connect.autoCreateWildcard,
    ...scoped('metadata'),
  });
  const gateway = new Gateway({
    listeners: hosts.map((host) => ({ host, port: connect.mqttPort })),
    backlog: connect.backlog,
    store,
    metadata,
    authenticator,
    limits: gatewayLimitsFrom(connect),
    tcpKeepAlive: tcpKeepAliveFrom(connect),
    storeQos0: connect.storeQos0,
    sessionFlushIntervalMs: connect.sessionFlushIntervalMs,
    ...scoped('gateway'),
  });
  const mqttAddresses = (): string[] =>
    gateway.addresses().map(({ host, port }) => addressOf(host, port));
  const registration = new NodeRegistration(metadata, () => mqttAddresses()[0] ?? '');
  const group = new ServiceGroup(
    [
      { name: 'store', service: store },
      { name: 'name server', service: namesrv },
      { name: 'topic metadata', service: metadata },
      { name: 'gateway', service: gateway },
      { name: 'node registration', service: registration },
    ],
    clock,
    connect.stopTimeoutMs,
  );
  return {
    async start() {
      ensureDirectory(storeOptions.directory, 'store directory');
      ensureDirectory(namesrvOptions.directory, 'name server directory');
      await group.start();
    },
    stop: () => group.stop(),
    mqttAddresses,
    namesrvAddress: () => addressOf(namesrvConf.listenHost, namesrv.port),
  };
}

/** IPv6 hosts go in brackets. */
function addressOf(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
