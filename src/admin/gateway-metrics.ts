import type { GatewayStats } from '../gateway/types.ts';
import { gatewayStatsMetrics } from './gateway-stats-metrics.ts';
import { gauge, type Metric } from './metric.ts';

const fields = Object.keys(gatewayStatsMetrics) as (keyof GatewayStats)[];

/** What a gateway tells of itself. */
export const gatewayMetrics: readonly Metric[] = [
  ...fields.map((field) => ({
    ...gatewayStatsMetrics[field],
    read: ({ gateway }: Parameters<Metric['read']>[0]) => gateway[field],
  })),
  {
    ...gauge(
      'lmqtt_sessions_dirty',
      'sessions',
      'Sessions with delivery progress that is saved at the next sessionFlushIntervalMs.',
    ),
    read: ({ dirtySessions }) => dirtySessions(),
  },
];
