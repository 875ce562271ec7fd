import type { MetricSources } from '../../../src/admin/metric.ts';
import { GatewayStats } from '../../../src/gateway/gateway-stats.ts';
import type { StoreStats } from '../../../src/lmq/spi/lmq-store.ts';

export const STORE_STATS: StoreStats = {
  commits: 11,
  recordsAppended: 12,
  bytesAppended: 13,
  tailBytes: 14,
  tailHits: 15,
  tailMisses: 16,
  openQueues: 17,
  recordsExpired: 18,
  minimaMoved: 26,
  recordsStored: 19,
  bytesStored: 20,
};

/** Sources whose every value is another number, so that no metric can be taken for another. */
export function distinctSources(): MetricSources & { readonly gateway: GatewayStats } {
  const gateway = new GatewayStats();
  const fields = Object.keys(gateway) as (keyof GatewayStats)[];
  for (const [i, field] of fields.entries()) gateway[field] = 101 + i;
  return {
    gateway,
    store: { stats: STORE_STATS, backlogBytes: 21, writable: true },
    dirtySessions: () => 22,
    namesrvConnections: () => 23,
    stalls: { count: 24, milliseconds: 25_500 },
  };
}

/** Value by name of the metrics without labels in a text of the exposition. */
export function valuesOf(text: string): Map<string, number> {
  const values = new Map<string, number>();
  for (const [, name, value] of text.matchAll(/^([a-z_0-9]+) (\S+)$/gm)) {
    values.set(name!, Number(value));
  }
  return values;
}

/** Names that the text declares, in order. */
export function namesOf(text: string): string[] {
  return [...text.matchAll(/^# TYPE (\S+) \S+$/gm)].map(([, name]) => name!);
}
