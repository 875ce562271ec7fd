import { BLOCK_HEADER_BYTES, sealBlock } from './layout/v1/block.ts';
import { LogBlock } from './log-block.ts';
import { PositionSlab } from './position-slab.ts';

/** Slabs are shared by the blocks of many commits: a small commit pins no more than its own bytes of one. */
const SLAB_BYTES = 512 * 1024;
/** Room below which the rest of a slab is given up. */
const MIN_ROOM = 4 * 1024;

const NO_BYTES = Buffer.alloc(0);

/**
 * Hands out the memory that records are written to. `slab` and `limit` are for the append path, which
 * writes at `at` while it stays within `limit`, adds the record to `block` and moves `at`.
 */
export class BlockWriter {
  readonly #blockBytes: number;
  #nextNumber = 0;
  #slab = NO_BYTES;
  #slabAt = 0;
  #blocks: LogBlock[] = [];
  #closedBytes = 0;
  readonly #positions = new PositionSlab();
  slab: Buffer = NO_BYTES;
  /** Where the next record goes. */
  at = 0;
  /** End of the room in the current block; 0 when there is no block. */
  limit = 0;
  /** Where the current block begins in `slab`. */
  start = 0;
  block: LogBlock = new LogBlock(-1, NO_BYTES, this.#positions);

  constructor(blockBytes: number) {
    this.#blockBytes = blockBytes;
  }

  /** Number of the next block; set once by recovery. */
  get nextNumber(): number {
    return this.#nextNumber;
  }
  set nextNumber(number: number) {
    this.#nextNumber = number;
  }

  /** Bytes in the blocks since the last `take`. */
  get bytes(): number {
    return this.#closedBytes + (this.at - this.start);
  }

  /** Closes the current block and begins one with room for `size` bytes of record. */
  roll(size: number): void {
    this.#close();
    const needed = BLOCK_HEADER_BYTES + size;
    if (needed > this.#blockBytes) {
      this.slab = Buffer.allocUnsafeSlow(needed);
      this.start = 0;
      this.limit = needed;
    } else {
      if (this.#slab.length - this.#slabAt < Math.max(needed, MIN_ROOM)) {
        this.#slab = Buffer.allocUnsafeSlow(Math.max(SLAB_BYTES, this.#blockBytes));
        this.#slabAt = 0;
      }
      this.slab = this.#slab;
      this.start = this.#slabAt;
      this.limit = Math.min(this.start + this.#blockBytes, this.#slab.length);
    }
    this.at = this.start + BLOCK_HEADER_BYTES;
    this.block = new LogBlock(this.#nextNumber++, NO_BYTES, this.#positions);
    if (this.#blocks.length === 0) this.#blocks = [this.block];
    else this.#blocks.push(this.block);
  }

  /** Closes the current block and gives away all since the last call; the next record needs `roll`. */
  take(): LogBlock[] {
    this.#close();
    const blocks = this.#blocks;
    this.#blocks = [];
    this.#closedBytes = 0;
    return blocks;
  }

  #close(): void {
    if (this.limit === 0) return;
    const { block } = this;
    block.close(this.slab.subarray(this.start, this.at));
    sealBlock(block.buffer, block.records);
    this.#closedBytes += block.buffer.length;
    if (this.slab === this.#slab) this.#slabAt = this.at;
    this.start = this.at;
    this.limit = 0;
  }
}
