import type { ChannelContext } from './channel-context.ts';

/** How long a session lives that asks for `requested` seconds; MQTT 5 is told when that is less (§3.2.2.3.2). */
export function limitSessionExpiry(
  requested: number,
  { limits, stats }: Pick<ChannelContext, 'limits' | 'stats'>,
): number {
  if (requested <= limits.maxSessionExpirySeconds) return requested;
  stats.sessionExpiriesReduced++;
  return limits.maxSessionExpirySeconds;
}
