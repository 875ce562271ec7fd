import type { StallCounts } from '../../common/event-loop-stalls.ts';
import type { StoreStats } from '../../lmq/spi/lmq-store.ts';
import type { GatewayStats } from '../gateway-stats.ts';

/** What the `$SYS` topics are made from, at one moment. */
export interface SysSample {
  /** Of lmqtt. */
  readonly version: string;
  readonly uptimeSeconds: number;
  readonly gateway: Readonly<GatewayStats>;
  readonly store: StoreStats;
  /** Written to the store and not durable yet. */
  readonly backlogBytes: number;
  /** Encoded and not taken by the system yet, all connections. */
  readonly unsentBytes: number;
  /** Sessions with delivery progress that is not saved. */
  readonly dirtySessions: number;
  readonly heapBytes: number;
  /** Largest `heapBytes` of the samples so far. */
  readonly heapMaximum: number;
  readonly stalls: StallCounts;
}
