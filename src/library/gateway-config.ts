import type { Authenticator, Authorizer, EnhancedAuthenticator } from '../auth/types.ts';
import type { Logger } from '../common/logger.ts';
import type { ConnectionLimits } from '../gateway/listener/connection-limiter.ts';
import type { ClientEvent } from '../gateway/events/client-event.ts';
import type { GatewayHooks } from '../gateway/hooks/gateway-hooks.ts';
import type {
  GatewayLimits,
  ProtocolRules,
  SharedSubscriptionOptions,
} from '../gateway/options.ts';
import type { SysTopicsOptions } from '../gateway/sys/sys-topics-options.ts';
import type { EmbeddedStoreOptions } from '../lmq/embedded/store-options.ts';
import type { LmqStore } from '../lmq/spi/lmq-store.ts';
import type { KvConfig } from '../namesrv/types.ts';
import type { ListenerConfig } from './listener-config.ts';

/** The store on RocksDB; only its directory has to be given. */
export type EmbeddedStoreConfig = Pick<EmbeddedStoreOptions, 'directory'> &
  Partial<EmbeddedStoreOptions>;

/** What a gateway is made from. The store is all that has to be given. */
export interface GatewayConfig {
  /**
   * Where messages and sessions are kept: a directory on disk, in `memory` (gone with the process: for tests),
   * or a store of your own, which the gateway starts and stops.
   */
  readonly store: EmbeddedStoreConfig | 'memory' | LmqStore;
  /** TCP on 127.0.0.1:1883 unless given. */
  readonly listeners?: readonly ListenerConfig[];
  /** In their order; see docs/hooks.md. */
  readonly hooks?: readonly GatewayHooks[];
  /**
   * Who may connect. Everyone unless given, as long as all listeners are on loopback; with others it has to be
   * given.
   */
  readonly authenticator?: Authenticator;
  /** Methods of enhanced authentication (MQTT 5). */
  readonly enhancedAuthenticators?: readonly EnhancedAuthenticator[];
  /** Who may publish and subscribe what; everyone everything unless given. */
  readonly authorizer?: Authorizer;
  /**
   * First levels of topics that clients may use. When given, others are refused unless `autoCreateTopic` says
   * otherwise.
   */
  readonly firstTopics?: readonly string[];
  /** A first level that is not listed is registered by its first use. True unless `firstTopics` are given. */
  readonly autoCreateTopic?: boolean;
  /** A wildcard filter is registered by subscribing it; true unless given. */
  readonly autoCreateWildcard?: boolean;
  /** Where first levels and wildcard filters are registered; in memory unless given. */
  readonly kv?: KvConfig;
  /** Each has its default; see docs/configuration.md. */
  readonly limits?: Partial<GatewayLimits>;
  /** Most connections of one address at a time, and of all a second; no limit unless given. */
  readonly connectionLimits?: ConnectionLimits;
  /** What MQTT leaves to the server: keep-alive, response information, payload format check; each is off unless given. */
  readonly rules?: Partial<ProtocolRules>;
  /** Whether messages published at QoS 0 go to the store too; true unless given. */
  readonly storeQos0?: boolean;
  /** Strategy and expiry of shared subscriptions; `round_robin` unless given. */
  readonly sharedSubscriptions?: SharedSubscriptionOptions;
  /** Client events that are published under `$events/`; none unless given. */
  readonly clientEvents?: readonly ClientEvent[];
  /** Publishes the `$SYS` topics; they are not there unless given. */
  readonly sysTopics?: SysTopicsOptions;
  /** Where the gateway tells what it does; nowhere unless given. */
  readonly logger?: Logger;
}
