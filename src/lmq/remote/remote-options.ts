import { systemClock, type Clock } from '../../common/clock.ts';
import { NO_GENERATION } from '../../common/store-table.ts';
import { silentLogger, type Logger } from '../../common/logger.ts';
import type { Lane } from '../spi/lane.ts';

export interface RemoteStoreOptions {
  /** For people: host and port of this gateway, or its name in the conf. */
  readonly nodeName: string;
  /** How long this node may be silent before the store counts it as dead; the store may have it shorter. */
  readonly leaseMs: number;
  /** Bytes written and not durable over which `writable` turns false; it turns true again at half of it. */
  readonly maxBacklogBytes: number;
  /** Bytes of what the store has pushed that stay in memory for readers. */
  readonly tailBytes: number;
  /** Within this time every request is answered or fails with STORE_UNAVAILABLE. */
  readonly requestTimeoutMs: number;
  /** How long `stop` waits until what is written is durable. */
  readonly stopTimeoutMs: number;
  /** First and longest pause between two attempts to reach the store; each is shortened by chance. */
  readonly reconnectMinMs: number;
  readonly reconnectMaxMs: number;
  /** Topic handles that are kept whether or not anyone holds them. */
  readonly maxIdleTopics: number;
  /** Its place among several stores; undefined when it is the only one of this process. */
  readonly lane: Lane | undefined;
  /** Newest generation of the table of stores that this node follows (docs/adr/0501); 0 without a table. */
  readonly generation: () => number;
  /** Generation by which this node chooses the store of a message now; 0 without a table. */
  readonly activeGeneration: () => number;
  readonly clock: Clock;
  readonly logger: Logger;
}

const MIB = 1 << 20;

export const DEFAULT_REMOTE_OPTIONS: Omit<RemoteStoreOptions, 'nodeName'> = {
  leaseMs: 10_000,
  maxBacklogBytes: 64 * MIB,
  tailBytes: 64 * MIB,
  requestTimeoutMs: 30_000,
  stopTimeoutMs: 10_000,
  reconnectMinMs: 50,
  reconnectMaxMs: 1_000,
  maxIdleTopics: 100_000,
  lane: undefined,
  generation: () => NO_GENERATION,
  activeGeneration: () => NO_GENERATION,
  clock: systemClock,
  logger: silentLogger,
};

/**
 * Largest frame: a batch is cut at MAX_BATCH_BYTES, and one record on top of that may have the largest
 * packet of MQTT.
 */
export const MAX_FRAME_BYTES: number = 304 * MIB;
/** A closed batch waits beside others from this size on, so that no frame grows without need. */
export const FULL_BATCH_BYTES: number = MIB;
/** What a topic that the store has to look up counts for that, beside its records: it takes as long as so many bytes. */
export const TOPIC_WEIGHT_BYTES: number = 2 * 1024;
/** A batch is closed at this size even in the middle of a turn. */
export const MAX_BATCH_BYTES: number = 32 * MIB;
/** Batches sent and not settled: two keep the store busy while the answer is under way. */
export const BATCHES_UNDER_WAY = 2;
/** The same while a request waits that has to see what was written before it. */
export const BATCHES_BEFORE_REQUESTS = 8;
/** Requests without an answer, beyond which they fail with STORE_LIMIT. */
export const MAX_REQUESTS = 100_000;
/** Entries that one page of a state scan has at most. */
export const SCAN_PAGE = 512;
