import type { Clock } from '../common/clock.ts';
import { EventLoopStalls } from '../common/event-loop-stalls.ts';
import type { Service } from '../common/lifecycle.ts';
import type { Logger } from '../common/logger.ts';
import type { LmqStore } from '../lmq/spi/lmq-store.ts';
import { Exposition, type MetricsSnapshot, type OtherSnapshots } from './exposition.ts';
import { metricTable, workerMetricTable } from './metric-table.ts';
import { type HttpLimits, HttpServer } from './http-server.ts';
import type { MetricSources } from './metric.ts';
import { Readiness } from './readiness.ts';
import { routesOf } from './routes.ts';

export interface AdminOptions {
  readonly host: string;
  /** 0 takes a free one; 9090 in Apache RocketMQ MQTT. */
  readonly port: number;
  /** Also metrics of the process and of Node.js. */
  readonly exportProcessInfo: boolean;
  readonly sources: Omit<MetricSources, 'stalls' | 'store'>;
  readonly store: Pick<LmqStore, 'stats' | 'backlogBytes' | 'writable' | 'onCommit'>;
  /** Whether the gateway has a listener that is bound. */
  readonly isListening: () => boolean;
  /** Metrics of other processes, which are told together with those of this one. */
  readonly others?: OtherSnapshots | undefined;
  readonly limits?: Partial<HttpLimits>;
  readonly logger: Logger;
  readonly clock: Clock;
}

export interface Admin extends Service {
  /** The port listened on. */
  readonly port: number;
}

/**
 * Health and metrics over HTTP. Started last and stopped first: what it tells of is there all the time.
 * `start` rejects with ListenError for an address that cannot be bound.
 */
export function createAdmin(options: AdminOptions): Admin {
  const { host, port, store, isListening, clock, logger } = options;
  const stalls = new EventLoopStalls(clock);
  const sources = { ...options.sources, store, stalls };
  const exposition = new Exposition(
    sources,
    options.exportProcessInfo,
    metricTable,
    options.others,
  );
  const readiness = new Readiness({ store, isListening });
  const server = new HttpServer({
    host,
    port,
    routes: routesOf(exposition, readiness),
    limits: options.limits ?? {},
    clock,
    logger,
  });
  return {
    get port() {
      return server.port;
    },
    async start() {
      await server.start();
      await stalls.start();
      logger.info({ host, port: server.port }, 'metrics over HTTP');
    },
    async stop() {
      await server.stop();
      await stalls.stop();
    },
  };
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
  clock,
}: Pick<AdminOptions, 'sources' | 'store' | 'exportProcessInfo' | 'clock'>): MetricsTap {
  const stalls = new EventLoopStalls(clock);
  const sources = { ...given, store, stalls };
  const exposition = new Exposition(sources, exportProcessInfo, workerMetricTable);
  return {
    snapshot: () => exposition.snapshot(),
    start: () => stalls.start(),
    stop: () => stalls.stop(),
  };
}
