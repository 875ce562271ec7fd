import { EventLoopStalls } from '../common/event-loop-stalls.ts';
import type { LmqStore } from '../lmq/spi/lmq-store.ts';
import type { StoreServerStats } from '../lmq/server/store-server-stats.ts';
import type { NamesrvStats } from '../namesrv/server/namesrv-stats.ts';
import { Exposition } from './exposition.ts';
import { type Admin, HttpAdmin, type HttpAdminOptions } from './http-admin.ts';
import { namesrvNodeMetrics, storeNodeMetrics } from './node-metrics.ts';

/** Once it answers, it serves: it is started last, and stopped first. */
const ALWAYS_READY = { problems: (): readonly string[] => [] };

export interface StoreNodeAdminOptions extends HttpAdminOptions {
  readonly store: Pick<LmqStore, 'stats' | 'backlogBytes' | 'writable'>;
  readonly server: { readonly stats: StoreServerStats };
}

/**
 * Health and metrics of the role lmq over HTTP. A store that cannot write ends, so one that answers is ready.
 * `start` rejects with ListenError for an address that cannot be bound.
 */
export function createStoreNodeAdmin(options: StoreNodeAdminOptions): Admin {
  const { store, server } = options;
  const stalls = new EventLoopStalls(options.clock);
  const sources = { store, stalls, server: () => server.stats };
  const exposition = new Exposition(sources, options.exportProcessInfo, storeNodeMetrics);
  return new HttpAdmin(options, exposition, ALWAYS_READY, stalls);
}

export interface NamesrvAdminOptions extends HttpAdminOptions {
  readonly namesrv: { readonly stats: NamesrvStats };
}

/** The same of the role namesrv. */
export function createNamesrvAdmin(options: NamesrvAdminOptions): Admin {
  const { namesrv } = options;
  const stalls = new EventLoopStalls(options.clock);
  const sources = { stalls, namesrv: () => namesrv.stats };
  const exposition = new Exposition(sources, options.exportProcessInfo, namesrvNodeMetrics);
  return new HttpAdmin(options, exposition, ALWAYS_READY, stalls);
}
