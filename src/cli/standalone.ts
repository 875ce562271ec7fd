import { createAdmin } from '../admin/admin.ts';
import { ScramAuthenticator } from '../auth/scram/scram-authenticator.ts';
import type { Clock } from '../common/clock.ts';
import type { Service } from '../common/lifecycle.ts';
import type { Logger } from '../common/logger.ts';
import { Gateway } from '../gateway/gateway.ts';
import type { Transport } from '../gateway/listener/listener-options.ts';
import { TopicMetadata } from '../gateway/routing/topic-metadata.ts';
import { createEmbeddedStore } from '../lmq/embedded/embedded-store.ts';
import { createNamesrv } from '../namesrv/server/namesrv-server.ts';
import {
  acceptingCertificates,
  authenticatorFrom,
  signInOfListener,
  warnOfOpenListeners,
} from './authentication.ts';
import { aclFrom } from './authorization.ts';
import { clientEventsFrom } from './client-events.ts';
import type { Config } from './config/load-all.ts';
import { type Directories, ensureDirectory } from './directories.ts';
import { addressText } from './listen-addresses.ts';
import { hostKeyOf, listenersFrom } from './listeners.ts';
import { NodeRegistration } from './node-registration.ts';
import { scramUsersFrom } from './scram.ts';
import { ServiceGroup } from './service-group.ts';
import {
  adminOptionsFrom,
  connectionLimitsFrom,
  gatewayLimitsFrom,
  namesrvOptionsFrom,
  protocolRulesFrom,
  storeOptionsFrom,
  sysTopicsFrom,
  tcpKeepAliveFrom,
} from './standalone-options.ts';

/** Store, name server and gateway in one process. */
export interface Standalone extends Service {
  /** `host:port`, for WebSocket with the path behind it, of every listener; known once started. */
  mqttAddresses(transport: Transport): readonly string[];
  /** `host:port` of the name server; known once started. */
  namesrvAddress(): string;
  /** `host:port` of the HTTP server of metrics; undefined when there is none. */
  metricsAddress(): string | undefined;
}

/**
 * Wires the concrete classes.
 * @throws ConfigError when the configuration contradicts itself
 */
export function createStandalone(
  config: Config,
  directories: Pick<Directories, 'conf' | 'data'>,
  logger: Logger,
  clock: Clock,
): Standalone {
  const { connect, service, lmq, namesrv: namesrvConf, listeners: sections } = config;
  const { data: dataDirectory } = directories;
  const scoped = (part: string): { logger: Logger; clock: Clock } => ({
    logger: logger.child({ part }),
    clock,
  });
  const scramUsers = scramUsersFrom(service, directories.conf, scoped('scram'));
  const enhanced = scramUsers === undefined ? [] : [new ScramAuthenticator(scramUsers)];
  const listeners = listenersFrom(connect, directories.conf, sections, (authentication, where) =>
    signInOfListener(service, enhanced, authentication, where),
  );
  warnOfOpenListeners(listeners, logger);
  const hosts = listeners
    .filter(({ settings }) => settings?.authenticator === undefined)
    .map(({ host }) => host);
  const authenticator = authenticatorFrom(service, hosts, (host) =>
    hostKeyOf(connect, host, sections),
  );
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
  const acl = aclFrom(service, directories.conf, scoped('acl'));
  const gateway = new Gateway({
    listeners,
    handshakeTimeoutMs: connect.handshakeTimeoutMs,
    connectionLimits: connectionLimitsFrom(connect),
    backlog: connect.backlog,
    store,
    metadata,
    authenticator: listeners.some(({ tls }) => tls?.usernameFromCertificate === true)
      ? acceptingCertificates(authenticator)
      : authenticator,
    enhancedAuthenticators: enhanced,
    limits: gatewayLimitsFrom(connect),
    rules: protocolRulesFrom(connect),
    authorizer: acl,
    tcpKeepAlive: tcpKeepAliveFrom(connect),
    storeQos0: connect.storeQos0,
    sessionFlushIntervalMs: connect.sessionFlushIntervalMs,
    sharedSubscriptions: {
      strategy: connect.sharedSubscriptionStrategy,
      expirySeconds: connect.sharedSubscriptionExpirySeconds,
    },
    clientEvents: clientEventsFrom(connect),
    sysTopics: sysTopicsFrom(connect),
    ...scoped('gateway'),
  });
  const addressTexts = (transport?: Transport): string[] =>
    gateway
      .addresses()
      .filter((address) => transport === undefined || address.transport === transport)
      .map(({ host, port, path }) => `${addressText(host, port)}${path ?? ''}`);
  const registration = new NodeRegistration(metadata, () => addressTexts()[0] ?? '');
  const admin = connect.enablePrometheus
    ? createAdmin({
        ...adminOptionsFrom(connect),
        sources: {
          gateway: gateway.stats,
          dirtySessions: () => gateway.dirtySessions,
          namesrvConnections: () => namesrv.connections,
        },
        store,
        isListening: () => gateway.addresses().length > 0,
        ...scoped('admin'),
      })
    : undefined;
  const group = new ServiceGroup(
    [
      { name: 'store', service: store },
      { name: 'name server', service: namesrv },
      { name: 'topic metadata', service: metadata },
      ...(acl === undefined ? [] : [{ name: 'access control list', service: acl }]),
      ...(scramUsers === undefined ? [] : [{ name: 'users of SCRAM', service: scramUsers }]),
      { name: 'gateway', service: gateway },
      { name: 'node registration', service: registration },
      ...(admin === undefined ? [] : [{ name: 'metrics', service: admin }]),
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
    mqttAddresses: addressTexts,
    namesrvAddress: () => addressText(namesrvConf.listenHost, namesrv.port),
    metricsAddress: () => (admin ? addressText(connect.exporterHost, admin.port) : undefined),
  };
}
