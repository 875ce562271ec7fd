import type { Authenticator, Authorizer } from '../auth/types.ts';
import type { Clock } from '../common/clock.ts';
import type { Logger } from '../common/logger.ts';
import type { LmqStore } from '../lmq/spi/lmq-store.ts';
import type { TopicMetadata } from './routing/topic-metadata.ts';

/** An address to listen on. Port 0 takes a free one. */
export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

/** Limits on what a peer may ask for. Each protects the process; each is counted when it is hit. */
export interface GatewayLimits {
  /** Largest control packet accepted, bytes, fixed header included. Checked before anything is buffered. */
  readonly maxPacketSize: number;
  /** Most connections at a time. */
  readonly maxConnections: number;
  /** Time from accept to CONNECT, ms. */
  readonly connectTimeoutMs: number;
  readonly maxClientIdLength: number;
  /** Most levels of a topic name or filter. */
  readonly maxTopicLevels: number;
  readonly maxSubscriptionsPerClient: number;
  /** All filters of one client together, bytes: a persistent session is stored as one record. */
  readonly maxSubscriptionBytesPerClient: number;
  /** Unacknowledged QoS 1 and 2 messages on the way to one client. */
  readonly maxInflight: number;
  /** Bytes waiting for one socket above which deliveries stop, QoS 0 is dropped and reading pauses. */
  readonly highWater: number;
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
  readonly listeners: readonly ListenAddress[];
  /** Length of the accept queue. */
  readonly backlog: number;
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
  maxTopicLevels: 128,
  maxSubscriptionsPerClient: 10_000,
  maxSubscriptionBytesPerClient: 1024 * 1024,
  maxInflight: 16_384,
  highWater: 256 * 1024,
  pullBatchSize: 256,
};

export const DEFAULT_TCP_KEEP_ALIVE: TcpKeepAliveOptions = {
  idleSeconds: 60,
  intervalSeconds: 10,
  probes: 3,
  userTimeoutMs: 60_000,
};
