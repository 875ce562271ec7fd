/** What other folders may know of the gateway. Types only. */
export type { GatewayStats } from './gateway-stats.ts';
export type { PublishRateExceeded, QueueFullPolicy } from './options.ts';
