import { AggregatorRegistry, Counter, Gauge, type MetricObject, Registry } from 'prom-client';
import type { Metric, MetricSources } from './metric.ts';
import { metricTable } from './metric-table.ts';
import { registerProcessMetrics } from './process-metrics.ts';

/** Metrics of a process at one time; plain objects. */
export type MetricsSnapshot = readonly MetricObject[];
export type OtherSnapshots = () => Promise<readonly MetricsSnapshot[]>;

/** The text that Prometheus scrapes. Values are read when it is asked for, never before. */
export class Exposition<Sources = MetricSources> {
  readonly #registry = new Registry();
  #rendering: Promise<string> | undefined;

  readonly #others: OtherSnapshots;

  /**
   * @param withProcess also the metrics of process and runtime
   * @param others of other processes, which are added up with these
   */
  constructor(
    sources: Sources,
    withProcess: boolean,
    table: readonly Metric<Sources>[],
    others: OtherSnapshots = () => Promise.resolve([]),
  ) {
    this.#others = others;
    for (const metric of table) register(this.#registry, metric, sources);
    if (withProcess) registerProcessMetrics(this.#registry);
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  /** Scrapes at the same time share one text. */
  render(): Promise<string> {
    this.#rendering ??= this.#render().finally(() => {
      this.#rendering = undefined;
    });
    return this.#rendering;
  }

  /** The metrics as they are now, for the exposition of another process. */
  snapshot(): Promise<MetricsSnapshot> {
    return this.#registry.getMetricsAsJSON();
  }

  async #render(): Promise<string> {
    const others = await this.#others();
    if (others.length === 0) return this.#registry.metrics();
    const own = await this.snapshot();
    return AggregatorRegistry.aggregate([own, ...others] as object[]).metrics();
  }
}

/** Every metric of a gateway, its store and its name server. */
export function gatewayExposition(sources: MetricSources, withProcess: boolean): Exposition {
  return new Exposition(sources, withProcess, metricTable);
}

function register<Sources>(registry: Registry, metric: Metric<Sources>, sources: Sources): void {
  const { name, help } = metric;
  const registers = [registry];
  if (metric.kind === 'gauge') {
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(metric.read(sources));
      },
    });
    return;
  }
  new Counter({
    name,
    help,
    registers,
    collect() {
      this.reset();
      this.inc(metric.read(sources));
    },
  });
}
