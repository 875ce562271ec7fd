/** What a block knows of the segments in it, which are in the tails of their queues. */
export interface BlockSegment {
  readonly positions: readonly number[];
  readonly count: number;
  readonly queue: { shiftTail(): void };
  /** The one that was added before it. */
  nextInBlock: BlockSegment | undefined;
}

/**
 * Bookkeeping of a block and of a segment in bytes, counted against the tail's limit: what V8 holds for them, an eighth
 * for the rings of queues with several segments included (ADR 861).
 */
const BLOCK_OVERHEAD = 400;
const SEGMENT_OVERHEAD = 112;
const POSITION_OVERHEAD = 8;

/** Replaced by the first record, never written. */
const NO_POSITIONS: number[] = [];

/** A block of the log, from its first record until the tail lets it go. */
export class LogBlock {
  readonly number: number;
  /** The block's bytes; set when it is full or its commit is closed. */
  buffer: Buffer;
  records = 0;
  /** Where each record begins, in their order. Segments whose records follow each other share it. */
  positions: number[] = NO_POSITIONS;
  /** Segments in it with the queues that they belong to, once committed: the newest of a chain. */
  #segments: BlockSegment | undefined = undefined;
  #segmentCount = 0;
  /** Positions in lists of segments that have their own. */
  #ownPositions = 0;

  constructor(number: number, buffer: Buffer) {
    this.number = number;
    this.buffer = buffer;
  }

  /** Notes where a record begins. */
  addPosition(position: number): void {
    // The literal has room for one, what push makes has room for 17: most blocks of a quiet store have one.
    if (this.positions === NO_POSITIONS) this.positions = [position];
    else this.positions.push(position);
  }

  addSegment(segment: BlockSegment): void {
    segment.nextInBlock = this.#segments;
    this.#segments = segment;
    this.#segmentCount++;
    if (segment.positions !== this.positions) this.#ownPositions += segment.count;
  }

  /** Takes the segments out of the tails of their queues, in which they are the oldest. */
  dropSegments(): void {
    let segment = this.#segments;
    this.#segments = undefined;
    while (segment !== undefined) {
      const next: BlockSegment | undefined = segment.nextInBlock;
      // Who still holds the segment shall not hold the others.
      segment.nextInBlock = undefined;
      segment.queue.shiftTail();
      segment = next;
    }
  }

  /** Memory that the block pins. */
  get retainedBytes(): number {
    return (
      BLOCK_OVERHEAD +
      this.buffer.length +
      this.#segmentCount * SEGMENT_OVERHEAD +
      (this.positions.length + this.#ownPositions) * POSITION_OVERHEAD
    );
  }
}
