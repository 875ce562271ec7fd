import type { StoreStats } from '../lmq/spi/lmq-store.ts';
import { counter, gauge, type Metric, type MetricSources, type ReadableSpec } from './metric.ts';

/** One metric for each counter of the store: the compiler asks for it when one is added. */
const ofStats: Readonly<Record<keyof StoreStats, ReadableSpec>> = {
  commits: counter('lmqtt_store_commits_total', 'commits', 'Commits that are durable.'),
  recordsAppended: counter(
    'lmqtt_store_records_appended_total',
    'records',
    'Records appended to the log; a message is one, however many queues list it.',
  ),
  bytesAppended: counter(
    'lmqtt_store_appended_bytes_total',
    'bytes',
    'Bytes of the records appended.',
  ),
  tailBytes: gauge(
    'lmqtt_store_tail_bytes',
    'bytes',
    'Newest records kept in memory for subscribers that keep up; the limit is tailBytes.',
  ),
  tailHits: counter('lmqtt_store_tail_hits_total', 'reads', 'Reads answered from memory.'),
  tailMisses: counter(
    'lmqtt_store_tail_misses_total',
    'reads',
    'Reads that found nothing in memory: the reader had all, or went on from disk.',
  ),
  openQueues: gauge('lmqtt_store_open_queues', 'queues', 'Queues held open by their readers.'),
  recordsExpired: counter(
    'lmqtt_store_records_expired_total',
    'records',
    'Records removed by retention.',
  ),
  minimaMoved: counter(
    'lmqtt_store_queue_minima_moved_total',
    'moves',
    'Moves of the first offset of queues in use, found after retention has removed records.',
  ),
  recordsStored: gauge('lmqtt_store_records', 'records', 'Records in the log.'),
  bytesStored: gauge('lmqtt_store_bytes', 'bytes', 'Size of the log, before compression.'),
};

const fields = Object.keys(ofStats) as (keyof StoreStats)[];

type StoreSources = Pick<MetricSources, 'store'>;

export const storeMetrics: readonly Metric<StoreSources>[] = [
  ...fields.map((field) => ({
    ...ofStats[field],
    read: ({ store }: StoreSources) => store.stats[field],
  })),
  {
    ...gauge(
      'lmqtt_store_backlog_bytes',
      'bytes',
      'Bytes that wait to be durable; publishers are paused over maxBacklogBytes.',
    ),
    read: ({ store }) => store.backlogBytes,
  },
  {
    ...gauge(
      'lmqtt_store_writable',
      'boolean',
      '1 while publishers may publish, 0 while the backlog is over its limit.',
    ),
    read: ({ store }) => (store.writable ? 1 : 0),
  },
];
