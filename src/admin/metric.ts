import type { StallCounts } from '../common/event-loop-stalls.ts';
import type { GatewayStats } from '../gateway/types.ts';
import type { LmqStore } from '../lmq/spi/lmq-store.ts';

/** A counter only grows while the process lives; a gauge goes up and down. */
export type MetricKind = 'counter' | 'gauge' | 'histogram';

/** What is said of a metric, in the exposition and in `docs/metrics.md`. */
export interface MetricSpec {
  /** By the conventions of Prometheus: base unit and `_total` in the name. Never given to another meaning. */
  readonly name: string;
  readonly kind: MetricKind;
  readonly unit: string;
  readonly help: string;
}

/** A metric without labels whose value is read when it is asked for. */
export interface Metric<Sources = MetricSources> extends MetricSpec {
  readonly kind: 'counter' | 'gauge';
  readonly read: (sources: Sources) => number;
}

/** Where metrics are read from. Reading is cheap and changes nothing. */
export interface MetricSources {
  readonly gateway: Readonly<GatewayStats>;
  readonly store: Pick<LmqStore, 'stats' | 'backlogBytes' | 'writable'>;
  /** Sessions with delivery progress that is not saved. */
  readonly dirtySessions: () => number;
  /** Open connections of the name server. */
  readonly namesrvConnections: () => number;
  readonly stalls: StallCounts;
}

/** A metric that is yet to be read from somewhere. */
export type ReadableSpec = MetricSpec & Pick<Metric, 'kind'>;

export function counter(name: string, unit: string, help: string): ReadableSpec {
  return { name, kind: 'counter', unit, help };
}

export function gauge(name: string, unit: string, help: string): ReadableSpec {
  return { name, kind: 'gauge', unit, help };
}
