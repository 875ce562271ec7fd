import type { EnhancedAuthenticator } from '../auth/types.ts';
import type { ChannelContext } from './channel/channel-context.ts';
import type { GatewayLimits } from './limits.ts';
import type { ListenerSettings } from './listener/listener-settings.ts';

/**
 * What the channels of one listener share: `shared` with the listener's settings over it. Made once for
 * each listener, so that nothing is looked up per connection or packet.
 * @param limits of the gateway
 */
export function contextOfListener(
  shared: ChannelContext,
  limits: GatewayLimits,
  settings: ListenerSettings = {},
): ChannelContext {
  const { authenticator, authorizer } = settings;
  if (settings.limits === undefined && authenticator === undefined && authorizer === undefined) {
    return shared.limits === limits ? shared : { ...shared, limits };
  }
  return {
    ...shared,
    limits: { ...limits, ...settings.limits },
    authenticator:
      authenticator === undefined
        ? shared.authenticator
        : (shared.hooks?.authenticator(authenticator) ?? authenticator),
    enhancedAuthenticators:
      authenticator === undefined
        ? shared.enhancedAuthenticators
        : byMethod(settings.enhancedAuthenticators),
    authorizer:
      authorizer === undefined
        ? shared.authorizer
        : (shared.hooks?.authorizer(authorizer) ?? authorizer),
  };
}

/** Authenticators by the name of their method, the last one of each. */
export function byMethod(
  authenticators: readonly EnhancedAuthenticator[] = [],
): ReadonlyMap<string, EnhancedAuthenticator> {
  return new Map(authenticators.map((enhanced) => [enhanced.method, enhanced]));
}
