import type { Clock } from '../../common/clock.ts';
import type { Logger } from '../../common/logger.ts';
import type { RpcCredentials } from '../../rpc/credentials.ts';
import type { LmqStore } from '../spi/lmq-store.ts';

/** Bounds on what one gateway node can make the store keep for it. */
export interface StoreServerLimits {
  /** Gateway nodes at a time, those that are detached for less than their lease included. */
  readonly maxNodes: number;
  /** Topic numbers that a node may define on one connection. */
  readonly maxTopicsPerNode: number;
  /** Queues that a node may have open. */
  readonly maxQueuesPerNode: number;
  /** Filters that a node may use without their being durable. */
  readonly maxFiltersPerNode: number;
  /** Claims that a node may own: one for each client and some for wills and groups. */
  readonly maxClaimsPerNode: number;
  /** Requests of a node that are not answered. */
  readonly maxRequestsPerNode: number;
  /** Bytes on their way to a node over which arrivals go without their records, and pulls wait. */
  readonly maxUnsentBytes: number;
  /** Bytes on their way to a node over which its stream is ended: it begins anew at its own pace. */
  readonly maxHeldBytes: number;
}

export interface StoreServerOptions extends Partial<StoreServerLimits> {
  /** Started before the server, and stopped after it. */
  readonly store: LmqStore;
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** How long a node may be silent before it counts as dead, ms; a node may ask for less. */
  readonly leaseMs: number;
  readonly credentials: RpcCredentials;
  /** Where backups of the store are put; none are made unless given. */
  readonly backupDirectory?: string | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
}

const MIB = 1 << 20;

export const DEFAULT_STORE_SERVER_LIMITS: StoreServerLimits = {
  maxNodes: 64,
  maxTopicsPerNode: 1_000_000,
  maxQueuesPerNode: 4_000_000,
  maxFiltersPerNode: 1_000_000,
  maxClaimsPerNode: 8_000_000,
  maxRequestsPerNode: 200_000,
  maxUnsentBytes: 8 * MIB,
  maxHeldBytes: 512 * MIB,
};
