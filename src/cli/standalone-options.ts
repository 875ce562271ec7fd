import { resolve } from 'node:path';
import type { AdminOptions } from '../admin/admin.ts';
import type { ConnectionLimits } from '../gateway/listener/connection-limiter.ts';
import { ConfigError } from '../common/errors.ts';
import type { GatewayLimits, ProtocolRules, TcpKeepAliveOptions } from '../gateway/options.ts';
import type { SysTopicsOptions } from '../gateway/sys/sys-topics-options.ts';
import type { EmbeddedStoreOptions } from '../lmq/embedded/store-options.ts';
import type { NamesrvOptions } from '../namesrv/server/namesrv-server.ts';
import type { ConnectConf } from './config/connect-conf.ts';
import type { ExporterConf } from './config/exporter-keys.ts';
import type { LmqConf } from './config/lmq-conf.ts';
import type { NamesrvConf } from './config/namesrv-conf.ts';
import { type StoreServerConf, storeServerKeys } from './config/store-server-keys.ts';
import { lmqttVersion } from './version.ts';

const MS_PER_HOUR = 3_600_000;

/** What `lmq.conf` says of the store. */
export function storeOptionsFrom(
  lmq: Readonly<LmqConf>,
  dataDirectory: string,
): Omit<
  EmbeddedStoreOptions,
  | 'clock'
  | 'logger'
  | 'maxIdleQueues'
  | 'maxIdleTopics'
  | 'journalBytesPerMs'
  | 'recentIndexQueues'
  | 'recentIndexBytes'
> {
  const { storePath, fileReservedTime, ...others } = lmq;
  const same = Object.fromEntries(
    Object.entries(others).filter(([key]) => !Object.hasOwn(storeServerKeys, key)),
  ) as Omit<typeof others, keyof StoreServerConf>;
  return {
    ...same,
    directory: resolve(dataDirectory, storePath),
    fileReservedTimeMs: fileReservedTime * MS_PER_HOUR,
  };
}

/** What `namesrv.conf` says of the name server. */
export function namesrvOptionsFrom(
  namesrv: Readonly<NamesrvConf>,
  dataDirectory: string,
): Omit<NamesrvOptions, 'clock' | 'logger'> {
  const { listenHost, listenPort, storePath } = namesrv;
  const { maxFrameBytes, idleTimeoutMs, maxConnections } = namesrv;
  return {
    host: listenHost,
    port: listenPort,
    directory: resolve(dataDirectory, storePath),
    remotingLimits: { maxFrameBytes, idleTimeoutMs, maxConnections },
  };
}

/** What `connect.conf` says of the limits. */
export function gatewayLimitsFrom(connect: Readonly<ConnectConf>): GatewayLimits {
  return {
    maxPacketSize: connect.maxPacketSizeInByte,
    maxConnections: connect.maxConn,
    connectTimeoutMs: connect.connectTimeoutMs,
    maxClientIdLength: connect.maxClientIdLength,
    maxTopicLevels: connect.maxTopicLevels,
    maxTopicLength: connect.maxTopicLength,
    topicAliasMaximum: connect.topicAliasMaximum,
    topicAliasMaximumOut: connect.topicAliasMaximumOut,
    receiveMaximum: connect.receiveMaximum,
    maxSessionExpirySeconds: connect.maxSessionExpirySeconds,
    maxSubscriptionsPerClient: connect.maxSubscriptionsPerClient,
    maxFiltersPerPacket: connect.maxFiltersPerPacket,
    maxSubscriptionBytesPerClient: connect.maxSubscriptionBytesPerClient,
    maxInflight: connect.maxInflight,
    maxPublishRate: connect.maxPublishRate,
    maxPublishBytesRate: connect.maxPublishBytesRate,
    publishRateExceeded: connect.publishRateExceeded,
    maxQueuedMessages: connect.maxQueuedMessages,
    maxQueuedBytes: connect.maxQueuedBytes,
    queueFullPolicy: connect.queueFullPolicy,
    highWater: connect.highWater,
    maxRetainedMessages: connect.maxRetainedMessages,
    maxRetainedBytes: connect.maxRetainedBytes,
    pullBatchSize: connect.pullBatchSize,
  };
}

/** What `connect.conf` says of the `$SYS` topics; undefined when there are none. */
export function sysTopicsFrom({
  sysTopicsInterval,
}: Readonly<ConnectConf>): SysTopicsOptions | undefined {
  if (sysTopicsInterval === 0) return undefined;
  return { intervalSeconds: sysTopicsInterval, version: lmqttVersion() };
}

/** Response information is part of a CONNACK and of topic names. */
const MAX_RESPONSE_INFORMATION = 1024;

/**
 * What `connect.conf` says of what MQTT leaves to the server.
 * @throws ConfigError for response information that no topic name can begin with
 */
export function protocolRulesFrom(connect: Readonly<ConnectConf>): ProtocolRules {
  const { responseInformation } = connect;
  if (/[+#\p{Cc}]/u.test(responseInformation)) {
    throw new ConfigError(
      'connect.conf: responseInformation has characters that no topic name may have',
    );
  }
  if (responseInformation.length > MAX_RESPONSE_INFORMATION) {
    throw new ConfigError(
      `connect.conf: responseInformation is longer than ${String(MAX_RESPONSE_INFORMATION)} characters`,
    );
  }
  return {
    serverKeepAliveSeconds: connect.serverKeepAliveSeconds,
    maxKeepAliveSeconds: connect.maxKeepAliveSeconds,
    responseInformation,
    payloadFormatCheck: connect.payloadFormatCheck,
  };
}

/** What `connect.conf` says of health and metrics. */
export function adminOptionsFrom(
  conf: Readonly<ExporterConf>,
): Pick<AdminOptions, 'host' | 'port' | 'exportProcessInfo'> {
  const { exporterHost, exporterPort, exportProcessInfo } = conf;
  return { host: exporterHost, port: exporterPort, exportProcessInfo };
}

/** What `connect.conf` says of how many may connect. */
export function connectionLimitsFrom(connect: Readonly<ConnectConf>): ConnectionLimits {
  return { maxConnectionsPerIp: connect.maxConnPerIp, maxConnectionRate: connect.maxConnRate };
}

/** What `connect.conf` says of TCP keep-alive. */
export function tcpKeepAliveFrom(connect: Readonly<ConnectConf>): TcpKeepAliveOptions {
  return {
    idleSeconds: connect.tcpKeepAliveIdleSeconds,
    intervalSeconds: connect.tcpKeepAliveIntervalSeconds,
    probes: connect.tcpKeepAliveProbes,
    userTimeoutMs: connect.tcpUserTimeoutMs,
  };
}
