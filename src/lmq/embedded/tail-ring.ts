import type { LogBlock } from './log-block.ts';

/** Head slots that may be wasted before the ring is moved together. */
const MAX_WASTE = 256;

/** A block of fewer bytes has more bookkeeping than a reader would save by it: readers keep up at such a rate. */
const SMALL_BYTES = 4096;
/**
 * So many small ones are kept (ADR 523). They must be gone before the collector of young objects comes: it
 * copies what is alive, and stops everybody for that.
 */
const MAX_SMALL_BLOCKS = 64;

/**
 * Committed blocks in memory, newest last, up to a number of bytes and of small blocks. The oldest goes first, and
 * with it the oldest segments of its queues. Block numbers follow each other, so a block is found by number.
 */
export class TailRing {
  readonly #maxBytes: number;
  #blocks: LogBlock[] = [];
  #head = 0;
  #bytes = 0;
  #smallBlocks = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Memory that the blocks pin. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Adds a committed block whose segments are all known. */
  push(block: LogBlock): void {
    this.#blocks.push(block);
    this.#bytes += block.retainedBytes;
    if (block.buffer.length < SMALL_BYTES) this.#smallBlocks++;
    while (this.#isOver() && this.#head < this.#blocks.length) this.#dropOldest();
  }

  /** The block of that number, if it is still here. */
  find(number: number): LogBlock | undefined {
    const oldest = this.#blocks[this.#head];
    return oldest === undefined || number < oldest.number
      ? undefined
      : this.#blocks[this.#head + (number - oldest.number)];
  }

  /** Lets go of all blocks below `number`, which retention has removed. */
  dropBelow(number: number): void {
    for (;;) {
      const oldest = this.#blocks[this.#head];
      if (oldest === undefined || oldest.number >= number) return;
      this.#dropOldest();
    }
  }

  #isOver(): boolean {
    return this.#bytes > this.#maxBytes || this.#smallBlocks > MAX_SMALL_BLOCKS;
  }

  #dropOldest(): void {
    const block = this.#blocks[this.#head] as LogBlock;
    this.#blocks[this.#head++] = undefined as never;
    this.#bytes -= block.retainedBytes;
    if (block.buffer.length < SMALL_BYTES) this.#smallBlocks--;
    block.dropSegments();
    if (this.#head >= MAX_WASTE && this.#head * 2 >= this.#blocks.length) {
      this.#blocks = this.#blocks.slice(this.#head);
      this.#head = 0;
    }
  }
}
