import { STALL_MS } from '../common/event-loop-stalls.ts';
import { gatewayMetrics } from './gateway-metrics.ts';
import { counter, gauge, type Metric, type MetricSources } from './metric.ts';
import { storeMetrics } from './store-metrics.ts';

const MS_PER_SECOND = 1000;

const namesrvMetrics: readonly Metric[] = [
  {
    ...gauge(
      'lmqtt_namesrv_connections',
      'connections',
      'Open connections of the name server; the limit is maxConnections in namesrv.conf.',
    ),
    read: ({ namesrvConnections }) => namesrvConnections(),
  },
];

export const stallMetrics: readonly Metric<Pick<MetricSources, 'stalls'>>[] = [
  {
    ...counter(
      'lmqtt_event_loop_stalls_total',
      'stalls',
      `Times that the event loop was late by more than ${STALL_MS} ms.`,
    ),
    read: ({ stalls }) => stalls.count,
  },
  {
    ...counter(
      'lmqtt_event_loop_stall_seconds_total',
      'seconds',
      'Time that the event loop was late in these stalls.',
    ),
    read: ({ stalls }) => stalls.milliseconds / MS_PER_SECOND,
  },
];

/** Every metric of lmqtt itself, in the order of the documentation. */
export const metricTable: readonly Metric[] = [
  ...gatewayMetrics,
  ...storeMetrics,
  ...namesrvMetrics,
  ...stallMetrics,
];

/** Those of a gateway whose store and name server are in another process that tells theirs. */
export const workerMetricTable: readonly Metric[] = [...gatewayMetrics, ...stallMetrics];
