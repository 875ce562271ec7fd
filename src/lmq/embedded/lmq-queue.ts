import type { Lane } from '../spi/lane.ts';
import type {
  Arrival,
  CommitNumber,
  Queue,
  QueueName,
  QueueOffset,
  Segment,
} from '../spi/types.ts';
import type { LogBlock } from './log-block.ts';

/** An offset that no durable commit holds yet. */
export interface OffsetCell {
  readonly queue: LmqQueue;
  readonly consumer: string;
  /** -1 for a deleted one. */
  offset: QueueOffset;
  /** The commit that it belongs to. */
  commit: CommitNumber;
}

/** Records of one queue that one commit put into one block. */
export class LmqSegment implements Segment {
  readonly queue: LmqQueue;
  firstOffset: QueueOffset = 0;
  readonly block: LogBlock;
  readonly positions: number[];
  memo: unknown = undefined;

  constructor(queue: LmqQueue, block: LogBlock, position: number) {
    this.queue = queue;
    this.block = block;
    this.positions = [position];
  }

  get count(): number {
    return this.positions.length;
  }

  get buffer(): Buffer {
    return this.block.buffer;
  }

  get blockNumber(): number {
    return this.block.number;
  }
}

/** What one commit adds to one queue; announces itself as the arrival afterwards. */
export class PendingEntry implements Arrival {
  readonly queue: LmqQueue;
  firstOffset: QueueOffset = 0;
  /** The segment that records go to while they go to its block. */
  current: LmqSegment;
  readonly segments: LmqSegment[];

  constructor(queue: LmqQueue, block: LogBlock, position: number) {
    this.queue = queue;
    this.current = new LmqSegment(queue, block, position);
    this.segments = [this.current];
  }

  /** Goes on in another block. */
  begin(block: LogBlock, position: number): void {
    this.current = new LmqSegment(this.queue, block, position);
    this.segments.push(this.current);
  }

  get count(): number {
    let count = 0;
    for (const segment of this.segments) count += segment.positions.length;
    return count;
  }
}

/** Head slots that a queue's tail may waste before it is moved together. */
const MAX_WASTE = 64;
/** The tail of every queue that has nothing in memory: replaced, never written. */
const NO_TAIL: LmqSegment[] = [];

/** A queue in memory. Its id and bounds hold once it is loaded. */
export class LmqQueue implements Queue {
  readonly name: QueueName;
  id = -1;
  /** No record before it can be read; `QueueMinimum` tells whether the one at it can. */
  minOffset: QueueOffset = 0;
  maxOffset: QueueOffset = 0;
  /** Block of the record at `minOffset`: while retention stays below it, `minOffset` holds. */
  minBlock = 0;
  /** What the open commit and the commit in flight add. */
  pending: PendingEntry | undefined = undefined;
  sealed: PendingEntry | undefined = undefined;
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
  #tail: LmqSegment[] = NO_TAIL;
  #tailHead = 0;
  /** Index of the segment found last: readers go forward. */
  #hint = 0;

  constructor(name: QueueName) {
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
    return this.maxOffset + (this.sealed?.count ?? 0) + (this.pending?.count ?? 0);
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

  pushTail(segment: LmqSegment): void {
    // The literal has room for one, what push makes has room for 17: many queues have one at a time.
    if (this.#tail.length === 0) this.#tail = [segment];
    else this.#tail.push(segment);
  }

  /** Drops the oldest segment, which the ring has let go. */
  shiftTail(): void {
    const tail = this.#tail;
    if (this.#tailHead === tail.length) return;
    tail[this.#tailHead++] = undefined as never;
    if (this.#tailHead === tail.length) {
      this.#tail = NO_TAIL;
      this.#tailHead = 0;
    } else if (this.#tailHead >= MAX_WASTE && this.#tailHead * 2 >= tail.length) {
      this.#tail = tail.slice(this.#tailHead);
      this.#hint = Math.max(0, this.#hint - this.#tailHead);
      this.#tailHead = 0;
    }
  }

  /** Forgets all segments; the ring frees their blocks in its own time. */
  clearTail(): void {
    this.#tail = NO_TAIL;
    this.#tailHead = 0;
  }

  /** The segment in memory that holds `offset`. */
  findTail(offset: QueueOffset): LmqSegment | undefined {
    const tail = this.#tail;
    const last = tail.length - 1;
    if (last < this.#tailHead) return undefined;
    const newest = tail[last] as LmqSegment;
    if (offset >= newest.firstOffset) {
      return offset < newest.firstOffset + newest.positions.length ? newest : undefined;
    }
    if (offset < (tail[this.#tailHead] as LmqSegment).firstOffset) return undefined;
    for (let i = Math.max(this.#hint, this.#tailHead), end = i + 2; i < end && i < last; i++) {
      const segment = tail[i] as LmqSegment;
      if (
        offset >= segment.firstOffset &&
        offset < segment.firstOffset + segment.positions.length
      ) {
        this.#hint = i;
        return segment;
      }
    }
    return this.#searchTail(offset, last);
  }

  #searchTail(offset: QueueOffset, last: number): LmqSegment | undefined {
    let low = this.#tailHead;
    let high = last;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if ((this.#tail[middle] as LmqSegment).firstOffset <= offset) low = middle;
      else high = middle - 1;
    }
    const segment = this.#tail[low] as LmqSegment;
    this.#hint = low;
    return offset < segment.firstOffset + segment.positions.length ? segment : undefined;
  }
}
