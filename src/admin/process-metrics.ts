import { opendir } from 'node:fs/promises';
import { collectDefaultMetrics, Gauge, type Registry } from 'prom-client';
import type { MetricKind, MetricSpec } from './metric.ts';

/**
 * Defaults of prom-client that are left out: they list every socket, which at 100,000 connections holds up
 * the event loop for longer than what they tell is worth.
 */
const LEFT_OUT = [
  'nodejs_active_handles',
  'nodejs_active_handles_total',
  'nodejs_active_requests',
  'nodejs_active_requests_total',
  'nodejs_active_resources',
  'nodejs_active_resources_total',
];
const OPEN_FDS = 'process_open_fds';
const FD_DIRECTORY = '/proc/self/fd';

/** What `exportProcessInfo` adds: names and meanings of prom-client's, the same in other Node.js programs. */
export const processMetrics: readonly MetricSpec[] = [
  metric('process_cpu_user_seconds_total', 'counter', 'seconds', 'CPU time in user mode.'),
  metric('process_cpu_system_seconds_total', 'counter', 'seconds', 'CPU time in system mode.'),
  metric('process_cpu_seconds_total', 'counter', 'seconds', 'CPU time in both.'),
  metric('process_start_time_seconds', 'gauge', 'seconds', 'Start of the process since the epoch.'),
  metric('process_resident_memory_bytes', 'gauge', 'bytes', 'Resident memory, RocksDB among it.'),
  metric('process_virtual_memory_bytes', 'gauge', 'bytes', 'Virtual memory (Linux).'),
  metric('process_heap_bytes', 'gauge', 'bytes', 'Data segment (Linux).'),
  metric(OPEN_FDS, 'gauge', 'descriptors', 'Open file descriptors (Linux).'),
  metric('process_max_fds', 'gauge', 'descriptors', 'Most file descriptors allowed (Linux).'),
  metric('nodejs_eventloop_lag_seconds', 'gauge', 'seconds', 'Lag of the event loop just now.'),
  ...['min', 'max', 'mean', 'stddev', 'p50', 'p90', 'p99'].map((which) =>
    metric(
      `nodejs_eventloop_lag_${which}_seconds`,
      'gauge',
      'seconds',
      `Delay of the event loop since the last scrape: ${which}.`,
    ),
  ),
  metric('nodejs_heap_size_total_bytes', 'gauge', 'bytes', 'Size of the JavaScript heap.'),
  metric('nodejs_heap_size_used_bytes', 'gauge', 'bytes', 'Used part of the JavaScript heap.'),
  metric('nodejs_external_memory_bytes', 'gauge', 'bytes', 'Memory of buffers.'),
  ...['total', 'used', 'available'].map((which) =>
    metric(
      `nodejs_heap_space_size_${which}_bytes`,
      'gauge',
      'bytes',
      `Heap spaces, ${which}; label space.`,
    ),
  ),
  metric('nodejs_version_info', 'gauge', 'none', 'Version of Node.js, in its labels.'),
  metric('nodejs_gc_duration_seconds', 'histogram', 'seconds', 'Garbage collections; label kind.'),
];

/** Registers the metrics above. prom-client observes from then on to the end of the process. */
export function registerProcessMetrics(registry: Registry): void {
  collectDefaultMetrics({ register: registry });
  for (const name of LEFT_OUT) registry.removeSingleMetric(name);
  const original = registry.getSingleMetric(OPEN_FDS);
  if (original === undefined) return;
  // prom-client's reads the directory in one synchronous call.
  registry.removeSingleMetric(OPEN_FDS);
  new Gauge({
    name: OPEN_FDS,
    help: 'Number of open file descriptors.',
    registers: [registry],
    async collect() {
      this.set(await countOpenFiles());
    },
  });
}

async function countOpenFiles(): Promise<number> {
  let count = 0;
  const directory = await opendir(FD_DIRECTORY, { bufferSize: 1024 });
  for await (const entry of directory) if (entry.name !== '') count++;
  // Less the one that was open for the counting.
  return count - 1;
}

function metric(name: string, kind: MetricKind, unit: string, help: string): MetricSpec {
  return { name, kind, unit, help };
}
