import type { Authenticator, Authorizer, EnhancedAuthenticator } from '../../auth/types.ts';
import type { GatewayLimits } from '../limits.ts';
import type { ConnectionLimits } from './connection-limiter.ts';

/** The limits that can differ from listener to listener: those of a connection and its session. */
export type ChannelLimits = Pick<
  GatewayLimits,
  | 'maxPacketSize'
  | 'connectTimeoutMs'
  | 'topicAliasMaximum'
  | 'topicAliasMaximumOut'
  | 'receiveMaximum'
  | 'maxInflight'
  | 'maxSessionExpirySeconds'
  | 'maxSubscriptionsPerClient'
  | 'maxPublishRate'
  | 'maxPublishBytesRate'
  | 'publishRateExceeded'
>;

/** What one listener has of its own; what is left out is the gateway's. */
export interface ListenerSettings {
  readonly limits?: Partial<ChannelLimits>;
  /** Most connections of this listener at a time, within those of the gateway; 0 = no limit of its own. */
  readonly maxConnections?: number;
  /** Of this listener alone, besides those of the gateway. */
  readonly connectionLimits?: ConnectionLimits;
  readonly authenticator?: Authenticator;
  /** Methods of a listener with an authenticator of its own; none unless given. */
  readonly enhancedAuthenticators?: readonly EnhancedAuthenticator[];
  readonly authorizer?: Authorizer;
}

/** Largest packet that any of the listeners accepts: what may come to a subscriber. */
export function largestPacketSize(
  limits: GatewayLimits,
  settings: readonly (ListenerSettings | undefined)[],
): number {
  const sizes = settings.map((own) => own?.limits?.maxPacketSize ?? 0);
  return Math.max(limits.maxPacketSize, ...sizes);
}
