import { systemClock, type Clock } from '../../common/clock.ts';
import { silentLogger, type Logger } from '../../common/logger.ts';

/** When a commit counts as durable. */
export const FlushDiskType = {
  /** The operating system has it: survives the death of the process. */
  ASYNC_FLUSH: 'ASYNC_FLUSH',
  /** The disk has it: survives the death of the machine. */
  SYNC_FLUSH: 'SYNC_FLUSH',
} as const;
export type FlushDiskType = (typeof FlushDiskType)[keyof typeof FlushDiskType];

export interface EmbeddedStoreOptions {
  /** Where the database lives; made when missing. */
  readonly directory: string;
  readonly flushDiskType: FlushDiskType;
  /** Uncommitted bytes over which `writable` turns false; it turns true again at half of it. */
  readonly maxBacklogBytes: number;
  /** Bytes of committed records (with their bookkeeping) that stay in memory for readers. */
  readonly tailBytes: number;
  /** Size that a log block is filled to; a larger record gets a block of its own. */
  readonly blockBytes: number;
  /** Age in milliseconds from which records are removed; 0 keeps them for ever. */
  readonly fileReservedTimeMs: number;
  /** Size of the log in bytes over which the oldest records are removed; 0 sets no limit. */
  readonly maxLogBytes: number;
  /** How often retention runs, in milliseconds. */
  readonly retentionIntervalMs: number;
  /** RocksDB's write buffer. */
  readonly writeBufferBytes: number;
  /** Cache for reads from disk: one half RocksDB's, one half blocks of the log. */
  readonly cacheBytes: number;
  /** Whether RocksDB compresses its files (Snappy). */
  readonly compression: boolean;
  /**
   * At low rates small commits become durable in a journal of the store's own, in the calling thread
   * (ADR 323): less latency. Not with SYNC_FLUSH.
   */
  readonly journalSmallCommits: boolean;
  /**
   * Bytes of commits per millisecond up to which small commits go to the journal. Above it a commit that waits for
   * RocksDB gathers so many messages that it costs less.
   */
  readonly journalBytesPerMs: number;
  /** Queues from which on the index entries of a commit are stored together, when it adds little to each (ADR 801). */
  readonly recentIndexQueues: number;
  /** Bytes of such entries from which on they are joined; up to twice as many are in memory, and are read at the start. */
  readonly recentIndexBytes: number;
  /** Queues that stay in memory without being open. */
  readonly maxIdleQueues: number;
  /** Topic handles that are kept whether or not anyone holds them. */
  readonly maxIdleTopics: number;
  readonly clock: Clock;
  readonly logger: Logger;
}

const MIB = 1 << 20;

export const DEFAULT_STORE_OPTIONS: Omit<EmbeddedStoreOptions, 'directory'> = {
  flushDiskType: FlushDiskType.ASYNC_FLUSH,
  maxBacklogBytes: 64 * MIB,
  tailBytes: 64 * MIB,
  blockBytes: 32 * 1024,
  fileReservedTimeMs: 72 * 3_600_000,
  maxLogBytes: 0,
  retentionIntervalMs: 60_000,
  writeBufferBytes: 64 * MIB,
  cacheBytes: 32 * MIB,
  compression: true,
  journalSmallCommits: true,
  // About 20,000 short messages a second.
  journalBytesPerMs: 4 * 1024,
  recentIndexQueues: 64,
  recentIndexBytes: 8 * MIB,
  maxIdleQueues: 100_000,
  maxIdleTopics: 100_000,
  clock: systemClock,
  logger: silentLogger,
};
