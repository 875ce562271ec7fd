import { Counter, Gauge, Registry } from 'prom-client';
import type { Metric, MetricSources } from './metric.ts';
import { metricTable } from './metric-table.ts';
import { registerProcessMetrics } from './process-metrics.ts';

/** The text that Prometheus scrapes. Values are read when it is asked for, never before. */
export class Exposition {
  readonly #registry = new Registry();
  #rendering: Promise<string> | undefined;

  /** @param withProcess also the metrics of process and runtime */
  constructor(sources: MetricSources, withProcess: boolean) {
    for (const metric of metricTable) register(this.#registry, metric, sources);
    if (withProcess) registerProcessMetrics(this.#registry);
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  /** Scrapes at the same time share one text. */
  render(): Promise<string> {
    this.#rendering ??= this.#registry.metrics().finally(() => {
      this.#rendering = undefined;
    });
    return this.#rendering;
  }
}

function register(registry: Registry, metric: Metric, sources: MetricSources): void {
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
