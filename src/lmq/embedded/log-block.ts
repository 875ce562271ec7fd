/** What a block knows of the segments in it, which are in the tails of their queues. */
export interface BlockSegment {
  readonly positions: readonly number[];
  readonly count: number;
  readonly queue: { shiftTail(): void };
  /** Once it is added: the one that was added before it. */
  next: BlockSegment | undefined;
}

/**
 * What V8 holds for a block and its segments in bytes, counted against the tail's limit: as measured, with what lists and the
 * rings of queues with several segments have room for (ADR 861).
 */
const BLOCK_OVERHEAD = 400;
const SEGMENT_OVERHEAD = 112;
const POSITION_OVERHEAD = 8;
const OWN_LIST_OVERHEAD = 160;

/** Records up to which a list of positions grows as they come. */
const FEW_RECORDS = 16;
/** Cut to make lists with room: what `new Array` makes has holes for V8, and readers would see two kinds of list. */
const ZEROS: readonly number[] = Array.from({ length: 1024 }, () => 0);
/** Replaced by the first record, never written. */
const NO_POSITIONS: number[] = [];

/** A block of the log, from its first record until the tail lets it go. */
export class LogBlock {
  readonly number: number;
  /** The block's bytes; set when it is full or its commit is closed. */
  buffer: Buffer;
  records = 0;
  /** Where each record begins, in their order; `records` are valid. Segments whose records follow each other share it. */
  positions: number[];
  /** Segments in it with the queues that they belong to, once committed: the newest of a chain. */
  #segments: BlockSegment | undefined = undefined;
  #segmentCount = 0;
  /** Of segments that have lists of their own. */
  #ownListBytes = 0;

  /** @param expected records, so that the list of their positions need not grow: growing leaves it behind twice over */
  constructor(number: number, buffer: Buffer, expected = 0) {
    this.number = number;
    this.buffer = buffer;
    this.positions = expected > FEW_RECORDS ? ZEROS.slice(0, expected) : NO_POSITIONS;
  }

  /** A record that begins at `position`. */
  add(position: number): void {
    // The literal has room for one, what has grown for 17: most blocks of a quiet store have one.
    if (this.positions === NO_POSITIONS) this.positions = [position];
    else this.positions[this.records] = position;
    this.records++;
  }

  /** There will be no more records. */
  close(buffer: Buffer): void {
    this.buffer = buffer;
    if (this.positions.length > this.records) this.positions.length = this.records;
  }

  addSegment(segment: BlockSegment): void {
    segment.next = this.#segments;
    this.#segments = segment;
    this.#segmentCount++;
    if (segment.positions !== this.positions) {
      this.#ownListBytes += OWN_LIST_OVERHEAD + segment.count * POSITION_OVERHEAD;
    }
  }

  /** Takes the segments out of the tails of their queues, in which they are the oldest. */
  dropSegments(): void {
    let segment = this.#segments;
    this.#segments = undefined;
    while (segment !== undefined) {
      const next: BlockSegment | undefined = segment.next;
      // Who still holds the segment shall not hold the others.
      segment.next = undefined;
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
      this.positions.length * POSITION_OVERHEAD +
      this.#ownListBytes
    );
  }
}
