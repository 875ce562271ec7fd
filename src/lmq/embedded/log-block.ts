import type { PositionSlab } from './position-slab.ts';

/** What a block knows of the segments in it, which are in the tails of their queues. */
export interface BlockSegment {
  readonly positions: Uint32Array;
  readonly count: number;
  readonly queue: { shiftTail(): void };
  /** Once it is added: the one that was added before it. */
  next: BlockSegment | undefined;
}

/**
 * What is held for a block and its segments in bytes, counted against the tail's limit: as measured, with what the rings of
 * queues with several segments have room for (ADR 861).
 */
const BLOCK_OVERHEAD = 400;
const SEGMENT_OVERHEAD = 112;
const POSITION_OVERHEAD = 4;
/** For each position, with the room that a list has and the one that it has grown out of. */
const OWN_POSITION_OVERHEAD = 16;

/** A block of the log, from its first record until the tail lets it go. */
export class LogBlock {
  readonly number: number;
  /** The block's bytes; set when it is full or its commit is closed. */
  buffer: Buffer;
  records = 0;
  /** Where each record begins, in their order, from `first` on. Segments whose records follow each other share it. */
  positions: Uint32Array;
  first: number;
  readonly #slab: PositionSlab;
  /** Segments in it with the queues that they belong to, once committed: the newest of a chain. */
  #segments: BlockSegment | undefined = undefined;
  #segmentCount = 0;
  /** Of segments that have lists of their own. */
  #ownListBytes = 0;

  /** @param slab for the positions of its records: until it is closed, no other block may have any of it */
  constructor(number: number, buffer: Buffer, slab: PositionSlab) {
    this.number = number;
    this.buffer = buffer;
    this.#slab = slab;
    this.positions = slab.slab;
    this.first = slab.at;
  }

  /** A record that begins at `position`. */
  add(position: number): void {
    if (this.first + this.records === this.positions.length) this.#move();
    this.positions[this.first + this.records++] = position;
  }

  /** There will be no more records. */
  close(buffer: Buffer): void {
    this.buffer = buffer;
    this.#slab.at = this.first + this.records;
  }

  addSegment(segment: BlockSegment): void {
    segment.next = this.#segments;
    this.#segments = segment;
    this.#segmentCount++;
    if (segment.positions !== this.positions) {
      this.#ownListBytes += segment.count * OWN_POSITION_OVERHEAD;
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
      this.records * POSITION_OVERHEAD +
      this.#ownListBytes
    );
  }

  /** To a slab with room for as many again. */
  #move(): void {
    const { positions, first, records } = this;
    this.#slab.reserve(2 * records + 1);
    this.positions = this.#slab.slab;
    this.first = this.#slab.at;
    this.positions.set(positions.subarray(first, first + records), this.first);
  }
}
