import { EventLoopStalls } from '../common/event-loop-stalls.ts';
import type { Service } from '../common/lifecycle.ts';
import type { LmqStore } from '../lmq/spi/lmq-store.ts';
import { Exposition, type MetricsSnapshot, type OtherSnapshots } from './exposition.ts';
import { metricTable, workerMetricTable } from './metric-table.ts';
import { type Admin, HttpAdmin, type HttpAdminOptions } from './http-admin.ts';
import type { MetricSources } from './metric.ts';
import { Readiness } from './readiness.ts';

export type { Admin } from './http-admin.ts';

export interface AdminOptions extends HttpAdminOptions {
  readonly sources: Omit<MetricSources, 'stalls' | 'store'>;
  /** Of the gateway in this process; they are counted here unless given. */
  readonly stalls?: EventLoopStalls | undefined;
  readonly store: Pick<LmqStore, 'stats' | 'backlogBytes' | 'writable' | 'onCommit'>;
  /** Whether the gateway has a listener that is bound. */
  readonly isListening: () => boolean;
  /** Stores that are not connected, as people call them; none unless given. */
  readonly storesAway?: (() => readonly string[]) | undefined;
  /** Metrics of other processes, which are told together with those of this one. */
  readonly others?: OtherSnapshots | undefined;
}

/**
 * Health and metrics of a gateway over HTTP. Started last and stopped first, so that all that it reports on exists meanwhile.
 * `start` rejects with ListenError for an address that cannot be bound.
 */
export function createAdmin(options: AdminOptions): Admin {
  const { store, isListening, storesAway, stalls = new EventLoopStalls(options.clock) } = options;
  const sources = { ...options.sources, store, stalls };
  const exposition = new Exposition(
    sources,
    options.exportProcessInfo,
    metricTable,
    options.others,
  );
  return new HttpAdmin(
    options,
    exposition,
    new Readiness({ store, isListening, storesAway }),
    stalls,
  );
}

/** What another process asks for and tells together with its own. */
export interface MetricsTap extends Service {
  snapshot(): Promise<MetricsSnapshot>;
}

/** Metrics of a gateway whose process has no HTTP server for them. */
export function createMetricsTap({
  sources: given,
  store,
  exportProcessInfo,
  stalls,
}: Pick<AdminOptions, 'sources' | 'store' | 'exportProcessInfo'> & {
  readonly stalls: EventLoopStalls;
}): MetricsTap {
  const sources = { ...given, store, stalls };
  const exposition = new Exposition(sources, exportProcessInfo, workerMetricTable);
  return {
    snapshot: () => exposition.snapshot(),
    start: () => stalls.start(),
    stop: () => stalls.stop(),
  };
}
