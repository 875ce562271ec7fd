import type { StoreServerStats } from '../lmq/server/store-server-stats.ts';
import type { NamesrvStats } from '../namesrv/server/namesrv-stats.ts';
import { stallMetrics } from './metric-table.ts';
import { counter, gauge, type Metric, type MetricSources, type ReadableSpec } from './metric.ts';
import { storeMetrics } from './store-metrics.ts';

/** What the metrics of the role lmq are read from. */
export interface StoreNodeSources extends Pick<MetricSources, 'store' | 'stalls'> {
  readonly server: () => StoreServerStats;
}

/** What the metrics of the role namesrv are read from. */
export interface NamesrvSources extends Pick<MetricSources, 'stalls'> {
  readonly namesrv: () => NamesrvStats;
}

const callsRefused = counter(
  'lmqtt_node_calls_refused_total',
  'calls',
  'Calls of other nodes refused because the token of the cluster was missing or wrong.',
);

/** One metric for each figure of the store server: the compiler asks for it when one is added. */
const ofStoreServer: Readonly<Record<keyof StoreServerStats, ReadableSpec>> = {
  nodes: gauge(
    'lmqtt_store_nodes',
    'nodes',
    'Gateways that the store knows as living: attached ones and those within their lease.',
  ),
  attachedNodes: gauge(
    'lmqtt_store_attached_nodes',
    'nodes',
    'Gateways that are connected to the store.',
  ),
  claims: gauge(
    'lmqtt_store_claims',
    'claims',
    'Claims that gateways own: sessions, wills, duties, turns of shared groups.',
  ),
  orphans: gauge(
    'lmqtt_store_orphans',
    'claims',
    'Claims of dead gateways that nobody has seen to yet.',
  ),
  openQueues: gauge(
    'lmqtt_store_node_queues',
    'queues',
    'Queues that gateways have open, each counted for each gateway.',
  ),
  batches: counter('lmqtt_store_batches_total', 'batches', 'Batches of gateways written.'),
  records: counter('lmqtt_store_batch_records_total', 'records', 'Records in these batches.'),
  nodesFenced: counter(
    'lmqtt_store_nodes_fenced_total',
    'nodes',
    'Gateways counted as dead: silent for longer than their lease, or back in a new life.',
  ),
  leasesExpired: counter(
    'lmqtt_store_leases_expired_total',
    'nodes',
    'Of them, those that were silent for longer than their lease.',
  ),
  hellosRefused: counter(
    'lmqtt_store_hellos_refused_total',
    'streams',
    'Gateways that were not taken in: too many of them, or with a version that is not spoken here.',
  ),
  callsRefused,
  arrivalsBehind: counter(
    'lmqtt_store_arrivals_behind_total',
    'arrivals',
    'Arrivals sent to a gateway without their records, because it was behind.',
  ),
  protocolErrors: counter(
    'lmqtt_store_protocol_errors_total',
    'streams',
    'Streams of gateways ended for what came on them.',
  ),
};

const storeServerFields = Object.keys(ofStoreServer) as (keyof StoreServerStats)[];

/** Metrics of the role lmq, in the order of the documentation. */
export const storeNodeMetrics: readonly Metric<StoreNodeSources>[] = [
  ...storeMetrics,
  ...storeServerFields.map((field) => ({
    ...ofStoreServer[field],
    read: ({ server }: StoreNodeSources) => server()[field],
  })),
  ...stallMetrics,
];

/** One metric for each figure of the name server. */
const ofNamesrv: Readonly<Record<keyof NamesrvStats, ReadableSpec>> = {
  stores: gauge('lmqtt_namesrv_stores', 'stores', 'Stores that have registered.'),
  gateways: gauge('lmqtt_namesrv_gateways', 'gateways', 'Gateways that have registered.'),
  kvEntries: gauge(
    'lmqtt_namesrv_kv_entries',
    'keys',
    'Keys of the KV config, all namespaces together.',
  ),
  watches: gauge(
    'lmqtt_namesrv_watches',
    'streams',
    'Gateways and stores that are told of changes.',
  ),
  connections: gauge(
    'lmqtt_namesrv_connections',
    'connections',
    'Open connections of the name server; the limit is maxConnections in namesrv.conf.',
  ),
  callsRefused,
};

const namesrvFields = Object.keys(ofNamesrv) as (keyof NamesrvStats)[];

/** Metrics of the role namesrv. */
export const namesrvNodeMetrics: readonly Metric<NamesrvSources>[] = [
  ...namesrvFields.map((field) => ({
    ...ofNamesrv[field],
    read: ({ namesrv }: NamesrvSources) => namesrv()[field],
  })),
  ...stallMetrics,
];
