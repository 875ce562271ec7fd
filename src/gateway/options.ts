import type { Authenticator, Authorizer } from '../auth/types.ts';
import type { Clock } from '../common/clock.ts';
import type { Logger } from '../common/logger.ts';
import type { LmqStore } from '../lmq/spi/lmq-store.ts';
import type { ConnectionLimits } from './listener/connection-limiter.ts';
import type { ListenerOptions } from './listener/listener-options.ts';
import type { TopicMetadata } from './routing/topic-metadata.ts';

export type { ListenAddress, ListenerOptions } from './listener/listener-options.ts';

/** Limits on what a peer may ask for. Each protects the process; each is counted when it is hit. */
export interface GatewayLimits {
  /** Largest control packet accepted, bytes, fixed header included. Checked before anything is buffered. */
  readonly maxPacketSize: number;
  /** Most connections at a time. */
  readonly maxConnections: number;
  /** Time from accept to CONNECT, ms. */
  readonly connectTimeoutMs: number;
  readonly maxClientIdLength: number;
  /** Topic aliases that a MQTT 5 client may set; 0 = none. */
  readonly topicAliasMaximum: number;
  /** Unacknowledged QoS 1 and 2 publishes that a MQTT 5 client may have under way to us. */
  readonly receiveMaximum: number;
  /** Most levels of a topic name or filter. */
  readonly maxTopicLevels: number;
  /** Longest time that a session outlives its connection, seconds; `NEVER_EXPIRES` = for ever. */
  readonly maxSessionExpirySeconds: number;
  readonly maxSubscriptionsPerClient: number;
  /** All filters of one client together, bytes: a persistent session is stored as one record. */
  readonly maxSubscriptionBytesPerClient: number;
  /** Unacknowledged QoS 1 and 2 messages on the way to one client. */
  readonly maxInflight: number;
  /** Bytes waiting for one socket above which deliveries stop, QoS 0 is dropped and reading pauses. */
  readonly highWater: number;
  /** Topics with a retained message. */
  readonly maxRetainedMessages: number;
  /** All retained messages together as stored, bytes. */
  readonly maxRetainedBytes: number;
  /** Most records read for one subscription before another one's turn. */
  readonly pullBatchSize: number;
}

/** TCP keep-alive of accepted sockets; 0 leaves the system's value. */
export interface TcpKeepAliveOptions {
  readonly idleSeconds: number;
  readonly intervalSeconds: number;
  readonly probes: number;
  /** TCP_USER_TIMEOUT, ms. */
  readonly userTimeoutMs: number;
}

export interface GatewayOptions {
  readonly listeners: readonly ListenerOptions[];
  /** Length of the accept queue. */
  readonly backlog: number;
  /** Time from accept to an MQTT connection: PROXY header, TLS handshake and WebSocket upgrade, ms; 10 s unless given. */
  readonly handshakeTimeoutMs?: number;
  /** Without it there are none. */
  readonly connectionLimits?: ConnectionLimits;
  readonly store: LmqStore;
  readonly metadata: TopicMetadata;
  readonly authenticator: Authenticator;
  /** Undefined allows everything. */
  readonly authorizer?: Authorizer | undefined;
  readonly limits: GatewayLimits;
  readonly tcpKeepAlive: TcpKeepAliveOptions;
  /** Whether records published at QoS 0 go to the log too. */
  readonly storeQos0: boolean;
  /** How often progress of persistent sessions that only affects redelivery is saved, ms. */
  readonly sessionFlushIntervalMs: number;
  readonly logger: Logger;
  readonly clock: Clock;
}

export const DEFAULT_LIMITS: GatewayLimits = {
  maxPacketSize: 1024 * 1024,
  maxConnections: 100_000,
  connectTimeoutMs: 10_000,
  maxClientIdLength: 1024,
  topicAliasMaximum: 64,
  receiveMaximum: 1024,
  maxTopicLevels: 128,
  maxSessionExpirySeconds: 0xffff_ffff,
  maxSubscriptionsPerClient: 10_000,
  maxSubscriptionBytesPerClient: 1024 * 1024,
  maxInflight: 16_384,
  highWater: 256 * 1024,
  maxRetainedMessages: 1_000_000,
  maxRetainedBytes: 256 * 1024 * 1024,
  pullBatchSize: 256,
};

export const DEFAULT_TCP_KEEP_ALIVE: TcpKeepAliveOptions = {
  idleSeconds: 60,
  intervalSeconds: 10,
  probes: 3,
  userTimeoutMs: 60_000,
};
