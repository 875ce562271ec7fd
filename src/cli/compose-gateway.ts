import { createAdmin, createMetricsTap, type MetricsTap } from '../admin/admin.ts';
import { ScramAuthenticator } from '../auth/scram/scram-authenticator.ts';
import type { Authenticator, EnhancedAuthenticator } from '../auth/types.ts';
import { createGateway, type Gateway } from '../gateway/gateway.ts';
import type { ListenerOptions } from '../gateway/listener/listener-options.ts';
import type { DrainOptions } from '../gateway/drain.ts';
import type { GatewayOptions } from '../gateway/options.ts';
import { TopicMetadata } from '../gateway/routing/topic-metadata.ts';
import type { Cluster } from '../lmq/spi/cluster.ts';
import type { LmqStore } from '../lmq/spi/lmq-store.ts';
import type { Stores } from '../lmq/spi/stores.ts';
import type { KvConfig } from '../namesrv/types.ts';
import {
  acceptingCertificates,
  authenticatorFrom,
  signInOfListener,
  warnOfOpenListeners,
} from './authentication.ts';
import { aclFrom } from './authorization.ts';
import { clientEventsFrom } from './client-events.ts';
import { type Composition, partOf } from './composition.ts';
import { addressText } from './listen-addresses.ts';
import { hostKeyOf, listenersFrom } from './listeners.ts';
import { reachableAddress } from './node-names.ts';
import { NodeRegistration } from './node-registration.ts';
import type { Where } from './ready-file.ts';
import { scramUsersFrom } from './scram.ts';
import type { NamedService } from './service-group.ts';
import {
  adminOptionsFrom,
  connectionLimitsFrom,
  gatewayLimitsFrom,
  protocolRulesFrom,
  sysTopicsFrom,
  tcpKeepAliveFrom,
} from './standalone-options.ts';

/** What a gateway stands on; both run before it starts and after it has stopped. */
export interface GatewayBase {
  readonly store: LmqStore;
  readonly kv: KvConfig;
  /** The other gateways on the store; undefined when there are none. */
  readonly cluster?: Cluster | undefined;
  /** The stores behind `store` one by one; undefined when it is the only one. */
  readonly stores?: Stores | undefined;
  /** Stores that are not connected, as people call them; undefined when the store is in this process. */
  readonly storesAway?: (() => readonly string[]) | undefined;
  /** How clients are sent to the other gateways on stop. */
  readonly drain?: DrainOptions | undefined;
  /** Another process serves the metrics. */
  readonly isWorker?: boolean;
  /** Open connections of the name server in the same process. */
  readonly namesrvConnections?: () => number;
}

export interface GatewayPart {
  readonly services: readonly NamedService[];
  /** Known once started. */
  where(): Where;
  /** Of a worker. */
  readonly metrics: MetricsTap | undefined;
}

/**
 * The gateway of a process, with what belongs to it.
 * @throws ConfigError when the configuration contradicts itself
 */
export function composeGateway(composition: Composition, base: GatewayBase): GatewayPart {
  const { config, directories } = composition;
  const { connect, service } = config;
  const { store, kv } = base;
  const scramUsers = scramUsersFrom(service, directories.conf, partOf(composition, 'scram'));
  const enhanced = scramUsers === undefined ? [] : [new ScramAuthenticator(scramUsers)];
  const listeners = gatewayListeners(composition, enhanced);
  const metadata = new TopicMetadata({
    kv,
    filters: store,
    stores: base.stores,
    autoCreateTopic: connect.autoCreateTopic,
    autoCreateWildcard: connect.autoCreateWildcard,
    shared: base.cluster !== undefined,
    ...partOf(composition, 'metadata'),
  });
  const acl = aclFrom(service, directories.conf, partOf(composition, 'acl'));
  const gateway = createGateway({
    ...gatewayOptionsFrom(composition),
    listeners,
    store,
    cluster: base.cluster,
    stores: base.stores,
    drain: base.drain,
    metadata,
    authenticator: authenticatorOf(composition, listeners),
    enhancedAuthenticators: enhanced,
    authorizer: acl,
    ...partOf(composition, 'gateway'),
  });
  const addressesOf = addressesBy(gateway);
  const registration = new NodeRegistration(metadata, () =>
    reachableAddress(addressesOf()[0] ?? ''),
  );
  const admin = adminOf(composition, base, gateway);
  const tap = tapOf(composition, base, gateway);
  return {
    services: [
      { name: 'topic metadata', service: metadata },
      ...(acl === undefined ? [] : [{ name: 'access control list', service: acl }]),
      ...(scramUsers === undefined ? [] : [{ name: 'users of SCRAM', service: scramUsers }]),
      { name: 'gateway', service: gateway },
      { name: 'node registration', service: registration },
      ...(admin === undefined ? [] : [{ name: 'metrics', service: admin }]),
      ...(tap === undefined ? [] : [{ name: 'metrics', service: tap }]),
    ],
    metrics: tap,
    where: () => ({
      mqtt: addressesOf('mqtt'),
      mqtts: addressesOf('mqtts'),
      ws: addressesOf('ws'),
      wss: addressesOf('wss'),
      metrics: admin && addressText(connect.exporterHost, admin.port),
    }),
  };
}

function gatewayListeners(
  composition: Composition,
  enhanced: readonly EnhancedAuthenticator[],
): ListenerOptions[] {
  const { config, directories, logger } = composition;
  const { connect, service, listeners: sections } = config;
  const listeners = listenersFrom(connect, directories.conf, sections, (authentication, where) =>
    signInOfListener(service, enhanced, authentication, where),
  );
  warnOfOpenListeners(listeners, logger);
  return listeners;
}

function authenticatorOf(
  { config }: Composition,
  listeners: readonly ListenerOptions[],
): Authenticator {
  const { connect, service, listeners: sections } = config;
  const hosts = listeners
    .filter(({ settings }) => settings?.authenticator === undefined)
    .map(({ host }) => host);
  const authenticator = authenticatorFrom(service, hosts, (host) =>
    hostKeyOf(connect, host, sections),
  );
  return listeners.some(({ tls }) => tls?.usernameFromCertificate === true)
    ? acceptingCertificates(authenticator)
    : authenticator;
}

/** What `connect.conf` alone says. */
function gatewayOptionsFrom({ config }: Composition) {
  const { connect } = config;
  return {
    handshakeTimeoutMs: connect.handshakeTimeoutMs,
    connectionLimits: connectionLimitsFrom(connect),
    backlog: connect.backlog,
    limits: gatewayLimitsFrom(connect),
    rules: protocolRulesFrom(connect),
    tcpKeepAlive: tcpKeepAliveFrom(connect),
    storeQos0: connect.storeQos0,
    sessionFlushIntervalMs: connect.sessionFlushIntervalMs,
    sharedSubscriptions: {
      strategy: connect.sharedSubscriptionStrategy,
      expirySeconds: connect.sharedSubscriptionExpirySeconds,
    },
    clientEvents: clientEventsFrom(connect),
    clientEventsOnDemand: connect.clientEventsOnDemand,
    sysTopics: sysTopicsFrom(connect),
  } satisfies Partial<GatewayOptions>;
}

function addressesBy(gateway: Gateway): (transport?: keyof Where) => string[] {
  return (transport) =>
    gateway
      .addresses()
      .filter((address) => transport === undefined || address.transport === transport)
      .map(({ host, port, path }) => `${addressText(host, port)}${path ?? ''}`);
}

function adminOf(composition: Composition, base: GatewayBase, gateway: Gateway) {
  const { connect } = composition.config;
  if (!connect.enablePrometheus || base.isWorker === true) return undefined;
  return createAdmin({
    ...adminOptionsFrom(connect),
    sources: metricSources(base, gateway),
    stalls: gateway.stalls,
    store: base.store,
    isListening: () => gateway.addresses().length > 0,
    storesAway: base.storesAway,
    ...partOf(composition, 'admin'),
  });
}

function tapOf({ config }: Composition, base: GatewayBase, gateway: Gateway) {
  if (!config.connect.enablePrometheus || base.isWorker !== true) return undefined;
  const { exportProcessInfo } = adminOptionsFrom(config.connect);
  const sources = metricSources(base, gateway);
  const { stalls } = gateway;
  return createMetricsTap({ sources, store: base.store, exportProcessInfo, stalls });
}

function metricSources(base: GatewayBase, gateway: Gateway) {
  return {
    gateway: gateway.stats,
    dirtySessions: () => gateway.dirtySessions,
    namesrvConnections: base.namesrvConnections ?? (() => 0),
  };
}
