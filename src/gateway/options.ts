import type { Authenticator, Authorizer, EnhancedAuthenticator } from '../auth/types.ts';
import type { Clock } from '../common/clock.ts';
import type { Logger } from '../common/logger.ts';
import type { Cluster } from '../lmq/spi/cluster.ts';
import type { LmqStore } from '../lmq/spi/lmq-store.ts';
import type { Stores } from '../lmq/spi/stores.ts';
import type { DrainOptions } from './drain.ts';
import type { ClientEvent } from './events/client-event.ts';
import type { ConnectionLimits } from './listener/connection-limiter.ts';
import type { GatewayHooks } from './hooks/gateway-hooks.ts';
import type { GatewayLimits } from './limits.ts';
import type { ListenerOptions } from './listener/listener-options.ts';
import type { TopicMetadata } from './routing/topic-metadata.ts';
import type { SysTopicsOptions } from './sys/sys-topics-options.ts';
import { ShareStrategyName } from './share/share-strategy.ts';

export {
  DEFAULT_LIMITS,
  type GatewayLimits,
  PublishRateExceeded,
  QueueFullPolicy,
} from './limits.ts';
export type { ListenAddress, ListenerOptions } from './listener/listener-options.ts';

/** Keep-alives that the server asks for. */
export interface KeepAliveRules {
  /** Holds for every client of MQTT 5, whatever it asks for; 0 = its own. */
  readonly serverKeepAliveSeconds: number;
  /** Instead of a longer one, or of none at all; 0 = no maximum. */
  readonly maxKeepAliveSeconds: number;
}

/** What MQTT leaves to the server. */
export interface ProtocolRules extends KeepAliveRules {
  /** Response Information of CONNACK, `{clientId}` replaced; empty = none. */
  readonly responseInformation: string;
  /** Refuse a payload that is not the UTF-8 which its indicator says (MQTT 5 §3.3.2.3.2). */
  readonly payloadFormatCheck: boolean;
}

/** TCP keep-alive of accepted sockets; 0 leaves the system's value. */
export interface TcpKeepAliveOptions {
  /** Silence before the first probe. */
  readonly idleSeconds: number;
  /** Between two probes. */
  readonly intervalSeconds: number;
  /** Unanswered ones, after which the connection is gone. */
  readonly probes: number;
  /** TCP_USER_TIMEOUT, ms. */
  readonly userTimeoutMs: number;
}

/** How messages are handed out to shared subscriptions (MQTT 5 §4.8.2), and how long they are kept for them. */
export interface SharedSubscriptionOptions {
  /** Which member of a group is next. */
  readonly strategy: ShareStrategyName;
  /** How long a group and what nobody has had of it outlive its last user, seconds; 0 = not at all. */
  readonly expirySeconds: number;
}

/** What a gateway node is made from. */
export interface GatewayOptions {
  readonly listeners: readonly ListenerOptions[];
  /** Length of the accept queue. */
  readonly backlog: number;
  /** Time from accept to an MQTT connection: PROXY header, TLS handshake and WebSocket upgrade, ms; 10 s unless given. */
  readonly handshakeTimeoutMs?: number;
  /** Without it there are none. */
  readonly connectionLimits?: ConnectionLimits;
  readonly store: LmqStore;
  /** The other gateways on the store; none unless given. */
  readonly cluster?: Cluster | undefined;
  /** The stores behind `store` and `cluster` one by one; unless given these are one store. */
  readonly stores?: Stores | undefined;
  readonly metadata: TopicMetadata;
  readonly authenticator: Authenticator;
  /** Methods of enhanced authentication; a client that names one is not asked for a password. */
  readonly enhancedAuthenticators?: readonly EnhancedAuthenticator[];
  /** Undefined allows everything. */
  readonly authorizer?: Authorizer | undefined;
  /** In their order; see docs/hooks.md. */
  readonly hooks?: readonly GatewayHooks[];
  readonly limits: GatewayLimits;
  readonly rules?: Partial<ProtocolRules>;
  /** `DEFAULT_SHARED_SUBSCRIPTIONS` unless given. */
  readonly sharedSubscriptions?: SharedSubscriptionOptions;
  readonly tcpKeepAlive: TcpKeepAliveOptions;
  /** Whether records published at QoS 0 go to the log too. */
  readonly storeQos0: boolean;
  /** How often progress of persistent sessions that only affects redelivery is saved, ms. */
  readonly sessionFlushIntervalMs: number;
  /** Client events that are published under `$events/`; none unless given. */
  readonly clientEvents?: readonly ClientEvent[] | undefined;
  /** Of these, only such that somebody has subscribed once (ADR 421); false unless given. */
  readonly clientEventsOnDemand?: boolean;
  /** Without it there are no `$SYS` topics. */
  readonly sysTopics?: SysTopicsOptions | undefined;
  /** How connections are closed on stop: all at once with 0x8B unless given. */
  readonly drain?: DrainOptions | undefined;
  readonly logger: Logger;
  readonly clock: Clock;
}

/** None of them. */
export const DEFAULT_RULES: ProtocolRules = {
  serverKeepAliveSeconds: 0,
  maxKeepAliveSeconds: 0,
  responseInformation: '',
  payloadFormatCheck: false,
};

/** The members in turn; a group ends with its last user. */
export const DEFAULT_SHARED_SUBSCRIPTIONS: SharedSubscriptionOptions = {
  strategy: ShareStrategyName.ROUND_ROBIN,
  expirySeconds: 0,
};

/** A peer that has vanished is noticed within a minute and a half. */
export const DEFAULT_TCP_KEEP_ALIVE: TcpKeepAliveOptions = {
  idleSeconds: 60,
  intervalSeconds: 10,
  probes: 3,
  userTimeoutMs: 60_000,
};
