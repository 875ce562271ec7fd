/**
 * lmqtt as a library: an MQTT gateway inside your own program.
 *
 * ```ts
 * import { createGateway } from 'lmqtt';
 *
 * const gateway = createGateway({ store: { directory: './data' }, listeners: [{ port: 1883 }] });
 * await gateway.start();
 * ```
 *
 * What is exported here is the public interface; docs/hooks.md describes it. Anything else in the package may
 * change in any version.
 */
export { createGateway, type LibraryGateway } from './library/library-gateway.ts';
export type { EmbeddedStoreConfig, GatewayConfig } from './library/gateway-config.ts';
export type { ListenerConfig, TlsConfig } from './library/listener-config.ts';
export type { MessageToPublish } from './library/outgoing-message.ts';

export type {
  ConnectRequest,
  DisconnectCause,
  GatewayHooks,
  GoOn,
  SubscribeRequest,
} from './gateway/hooks/gateway-hooks.ts';
export type { DeliverMessage } from './gateway/hooks/deliver-message.ts';
export type { HookClient } from './gateway/hooks/hook-client.ts';
export { type PublishMessage, PublishOrigin } from './gateway/hooks/publish-message.ts';
export { DROP, type Refusal, refuse } from './gateway/hooks/verdict.ts';
export type { MessageProperties } from './gateway/codec/message-properties.ts';
export type { UserProperty } from './gateway/codec/property-set.ts';
export { ProtocolVersion } from './gateway/codec/protocol-version.ts';
export { ReasonCode } from './gateway/codec/reason-code.ts';

export { Action, AuthDecision, AuthenticationOutcome } from './auth/types.ts';
export type {
  AuthenticationExchange,
  AuthenticationStep,
  Authenticator,
  Authorizer,
  Credentials,
  EnhancedAuthenticator,
  Principal,
} from './auth/types.ts';
export { anonymousAuthenticator, openAuthenticator } from './auth/anonymous-authenticator.ts';
export { AuthenticatorChain } from './auth/authenticator-chain.ts';
export { certificateAuthenticator } from './auth/certificate-authenticator.ts';
export { HmacAuthenticator } from './auth/hmac-authenticator.ts';
export { ScramAuthenticator, type ScramUserTable } from './auth/scram/scram-authenticator.ts';
export { ScramUsers, type ScramUsersOptions } from './auth/scram/scram-users.ts';
export type { ScramVerifier } from './auth/scram/scram-verifier.ts';
export { signature } from './auth/signature.ts';

export { createEmbeddedStore } from './lmq/embedded/embedded-store.ts';
export { type EmbeddedStoreOptions, FlushDiskType } from './lmq/embedded/store-options.ts';
export { createMemoryStore, type MemoryStoreOptions } from './lmq/memory/memory-store.ts';
export type { LmqStore } from './lmq/spi/lmq-store.ts';
export type { KvChange, KvConfig } from './namesrv/types.ts';

export {
  type BoundAddress,
  ClientCertificate,
  type ListenAddress,
  Transport,
} from './gateway/listener/listener-options.ts';
export type { ConnectionLimits } from './gateway/listener/connection-limiter.ts';
export type { ListenerSettings } from './gateway/listener/listener-settings.ts';
export {
  DEFAULT_LIMITS,
  type GatewayLimits,
  type ProtocolRules,
  PublishRateExceeded,
  QueueFullPolicy,
} from './gateway/options.ts';
export type { SharedSubscriptionOptions } from './gateway/options.ts';
export { ShareStrategyName } from './gateway/share/share-strategy.ts';
export { ClientEvent } from './gateway/events/client-event.ts';
export type { SysTopicsOptions } from './gateway/sys/sys-topics-options.ts';
export type { GatewayStats } from './gateway/types.ts';

export type { Service } from './common/lifecycle.ts';
export { type Logger, silentLogger } from './common/logger.ts';
export { ConfigError, ErrorCode, ListenError, LmqttError, StoreError } from './common/errors.ts';
export { MqttProtocolError } from './gateway/codec/protocol-error.ts';
