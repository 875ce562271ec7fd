/** What a block knows of the segments in it. */
export interface BlockSegment {
  readonly positions: readonly number[];
  readonly queue: { shiftTail(): void };
}

/** Bookkeeping of a block and of a segment in bytes, counted against the tail's limit. */
const BLOCK_OVERHEAD = 200;
const SEGMENT_OVERHEAD = 240;
const POSITION_OVERHEAD = 8;

/** A block of the log, from its first record until the tail lets it go. */
export class LogBlock {
  readonly number: number;
  /** The block's bytes; set when it is full or its commit is closed. */
  buffer: Buffer;
  records = 0;
  /** Segments in it with the queues that they belong to, once committed. */
  readonly segments: BlockSegment[] = [];
  #entries = 0;

  constructor(number: number, buffer: Buffer) {
    this.number = number;
    this.buffer = buffer;
  }

  addSegment(segment: BlockSegment): void {
    this.segments.push(segment);
    this.#entries += segment.positions.length;
  }

  /** Memory that the block pins. */
  get retainedBytes(): number {
    return (
      BLOCK_OVERHEAD +
      this.buffer.length +
      this.segments.length * SEGMENT_OVERHEAD +
      this.#entries * POSITION_OVERHEAD
    );
  }
}
