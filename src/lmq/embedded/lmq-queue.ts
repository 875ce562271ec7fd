import type { Lane } from '../spi/lane.ts';
import type {
  Arrival,
  CommitNumber,
  Queue,
  QueueName,
  QueueOffset,
  Segment,
} from '../spi/types.ts';
import type { EntrySource } from './layout/v1/index-entry.ts';
import type { BlockSegment, LogBlock } from './log-block.ts';
import { QueueTail } from './queue-tail.ts';

/** An offset that no durable commit holds yet. */
export interface OffsetCell {
  readonly queue: LmqQueue;
  readonly consumer: string;
  /** -1 for a deleted one. */
  offset: QueueOffset;
  /** The commit that it belongs to. */
  commit: CommitNumber;
}

/**
 * Records of one queue that one commit put into one block, and in this shape for as long as it exists: what the open
 * commit adds to the queue, then its index entry, the arrival and what the tail has. One object for all of it (ADR 861).
 */
export class LmqSegment implements Segment, Arrival, EntrySource, BlockSegment {
  readonly queue: LmqQueue;
  readonly block: LogBlock;
  /** Those of all records of the block, or those of the segment alone when others lie between them. */
  positions: number[];
  start: number;
  count = 1;
  firstOffset: QueueOffset = 0;
  /** Until the commit is settled, what it has put into the next block; then another queue's segment of the same block. */
  next: LmqSegment | undefined = undefined;
  memo: unknown = undefined;

  /** Begins with the newest record of a block. */
  constructor(queue: LmqQueue, block: LogBlock) {
    this.queue = queue;
    this.block = block;
    this.positions = block.positions;
    this.start = block.records - 1;
  }

  /** Adds the newest record of the block. */
  add(): void {
    const { positions, records } = this.block;
    const newest = records - 1;
    if (this.positions !== positions) this.positions.push(positions[newest] as number);
    else if (this.start + this.count !== newest) {
      this.positions = ownList(positions, this.start, this.count, newest);
      this.start = 0;
    }
    this.count++;
  }

  /** Adds the newest `records` of the block, one or more. */
  addNewest(records: number): void {
    const { positions, records: all } = this.block;
    const first = all - records;
    if (this.positions === positions && this.start + this.count === first) {
      this.count += records;
      return;
    }
    let at = first;
    if (this.positions === positions) {
      this.positions = ownList(positions, this.start, this.count, at++);
      this.start = 0;
    }
    for (; at < all; at++) this.positions.push(positions[at] as number);
    this.count += records;
  }

  get hasGaps(): boolean {
    return this.positions !== this.block.positions;
  }

  get buffer(): Buffer {
    return this.block.buffer;
  }

  get blockNumber(): number {
    return this.block.number;
  }
}

/**
 * Some positions of a block and that of its newest record, before which others' lie. No method: a private one would be a field
 * in each segment.
 */
function ownList(all: readonly number[], start: number, count: number, newest: number): number[] {
  // The literal costs half of what a copy costs.
  if (count === 1) return [all[start] as number, all[newest] as number];
  const positions = all.slice(start, start + count);
  positions.push(all[newest] as number);
  return positions;
}

/** Records of a commit's segments from `first` on. */
export function recordsFrom(first: LmqSegment | undefined): number {
  let records = 0;
  for (let segment = first; segment !== undefined; segment = segment.next) records += segment.count;
  return records;
}

/** A queue in memory. Its id and bounds hold once it is loaded. */
export class LmqQueue extends QueueTail<LmqSegment> implements Queue {
  readonly name: QueueName;
  id = -1;
  /** No record before it can be read; `QueueMinimum` tells whether the one at it can. */
  minOffset: QueueOffset = 0;
  maxOffset: QueueOffset = 0;
  /** Block of the record at `minOffset`: while retention stays below it, `minOffset` holds. */
  minBlock = 0;
  /** What the open commit and the commit in flight add: the first segment of each. */
  pending: LmqSegment | undefined = undefined;
  sealed: LmqSegment | undefined = undefined;
  /** The segment of the open commit that records go to while they go to its block. */
  current: LmqSegment | undefined = undefined;
  /** Id and maxOffset are known. */
  isLoaded = false;
  /** MinOffset and minBlock have been looked up once. */
  hasMinimum = false;
  /** The dictionary entry is durable. */
  isNamed = false;
  /** No longer in the table; holders must look the name up again. */
  isEvicted = false;
  /** Open handles. */
  uses = 0;
  /** Used since the last look for idle queues. */
  wasUsed = true;
  /** Offsets that consumers wrote and no durable commit holds yet. */
  offsets: Map<string, OffsetCell> | undefined = undefined;
  /** Ends when id and maxOffset are known. */
  loading: Promise<void> | undefined = undefined;
  /** Ends when minOffset is known. */
  findingMinimum: Promise<void> | undefined = undefined;

  constructor(name: QueueName) {
    super();
    this.name = name;
  }

  /** This store is alone. */
  get lane(): Lane {
    return 0;
  }

  /** The queue behind a handle. Handles of another store are a mistake of the caller. */
  static of(handle: Queue): LmqQueue {
    if (handle instanceof LmqQueue) return handle;
    throw new TypeError(`queue ${handle.name} was opened by another store`);
  }

  get nextOffset(): QueueOffset {
    return this.maxOffset + recordsFrom(this.sealed) + recordsFrom(this.pending);
  }

  /** True when nothing but its entry in the table refers to the queue. */
  get isIdle(): boolean {
    return (
      this.uses === 0 &&
      this.isLoaded &&
      this.isNamed &&
      this.pending === undefined &&
      this.sealed === undefined &&
      (this.offsets === undefined || this.offsets.size === 0)
    );
  }
}
