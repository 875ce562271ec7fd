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
import { PositionSlab } from './position-slab.ts';
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

/** A segment's until it is placed, as long as its records follow each other. */
const NO_POSITIONS = new Uint32Array(0);
/** Positions that the first list of a segment's own has room for; one that is full is followed by one of twice the room. */
const FIRST_ROOM = 4;
/** The lists of all segments that have one of their own. */
const ownLists = new PositionSlab();

/**
 * Records of one queue that one commit put into one block, and in this shape for as long as it exists: what the open
 * commit adds to the queue, then its index entry, the arrival and what the tail has. One object for all of it (ADR 861).
 * It has no private methods: they would be a field in each.
 */
export class LmqSegment implements Segment, Arrival, EntrySource, BlockSegment {
  readonly queue: LmqQueue;
  readonly block: LogBlock;
  /** Once it is placed, those of all records of the block; or those of the segment alone when others lie between them. */
  positions: Uint32Array = NO_POSITIONS;
  /** Until it is placed, and while its records follow each other, counted from the block's first: the list may move. */
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
    this.start = block.records - 1;
  }

  /** Adds the newest record of the block: as `addNewest(1)`, for what most segments get. */
  add(): void {
    const { block, start, count } = this;
    const newest = block.records - 1;
    if (this.positions === NO_POSITIONS) {
      if (start + count === newest) {
        this.count = count + 1;
        return;
      }
      giveList(this, block.positions, block.first + start, 1);
    } else if (count === roomOf(count)) {
      giveList(this, this.positions, start, 1);
    }
    this.positions[this.start + count] = block.positions[block.first + newest] as number;
    this.count = count + 1;
  }

  /** Adds the newest `records` of the block, one or more. */
  addNewest(records: number): void {
    const { block, count } = this;
    const from = block.records - records;
    if (this.positions === NO_POSITIONS) {
      if (this.start + count === from) {
        this.count += records;
        return;
      }
      giveList(this, block.positions, block.first + this.start, records);
    } else if (count + records > roomOf(count)) {
      giveList(this, this.positions, this.start, records);
    }
    const { positions } = this;
    let at = this.start + count;
    for (let i = block.first + from, end = i + records; i < end; i++) {
      positions[at++] = block.positions[i] as number;
    }
    this.count += records;
  }

  /** The block is closed, and the offset of the first record is known. */
  place(firstOffset: QueueOffset): void {
    this.firstOffset = firstOffset;
    if (this.positions !== NO_POSITIONS) return;
    this.positions = this.block.positions;
    this.start += this.block.first;
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

/** Room of a list with so many positions. */
function roomOf(count: number): number {
  return count <= FIRST_ROOM ? FIRST_ROOM : 1 << (32 - Math.clz32(count - 1));
}

/** A list with room for so many more records, with what `positions` has from `start` on. */
function giveList(segment: LmqSegment, positions: Uint32Array, start: number, more: number): void {
  const { count } = segment;
  const room = roomOf(count + more);
  ownLists.reserve(room);
  const { slab, at } = ownLists;
  for (let i = 0; i < count; i++) slab[at + i] = positions[start + i] as number;
  ownLists.at = at + room;
  segment.positions = slab;
  segment.start = at;
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
