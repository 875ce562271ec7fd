import { LARGE_SLAB, SMALL_SLAB, slabPool } from './slab-pool.ts';

const NONE = Buffer.alloc(0);

/** Takes what an {@link OutBuffer} gives up at a flush: `slab` holds `length` bytes to send, in order. */
export type SlabSink = (slab: Buffer, length: number) => void;

/**
 * What one connection will send at the end of the turn. Encoders write into `slab` in place:
 * `const at = out.reserve(n)` makes room for `n` bytes in a row, and the caller fills
 * `out.slab[at … at + n)` before it reserves again.
 */
export class OutBuffer {
  /** The slab being filled; changes with `reserve`. */
  slab: Buffer = NONE;
  #view: DataView | undefined;
  #length = 0;
  /** Slabs that are full, in order, with their lengths. */
  #full: Buffer[] | undefined;
  #fullLengths: number[] | undefined;
  #fullBytes = 0;
  /** Full flow is expected to go on: the next turn begins with a large slab. */
  #busy = false;

  /** Of `slab`, for who copies by words. */
  get view(): DataView {
    return (this.#view ??= slabPool.viewOf(this.slab));
  }

  /** Bytes waiting. */
  get byteLength(): number {
    return this.#fullBytes + this.#length;
  }

  /** Slabs that hold something. */
  get slabs(): number {
    return (this.#full?.length ?? 0) + (this.#length > 0 ? 1 : 0);
  }

  reserve(bytes: number): number {
    const at = this.#length;
    if (this.slab.length - at < bytes) {
      this.#nextSlab(bytes);
      this.#length = bytes;
      return 0;
    }
    this.#length = at + bytes;
    return at;
  }

  /** Adds bytes as they are; a long run may be split over slabs. */
  append(source: Buffer, start: number, end: number): void {
    let from = start;
    while (from < end) {
      let room = this.slab.length - this.#length;
      if (room === 0) {
        this.#nextSlab(Math.min(end - from, LARGE_SLAB));
        room = this.slab.length;
      }
      const to = Math.min(end, from + room);
      source.copy(this.slab, this.#length, from, to);
      this.#length += to - from;
      from = to;
    }
  }

  /** Hands over everything, in order, and becomes empty. */
  drainTo(sink: SlabSink): void {
    this.#busy = this.byteLength > SMALL_SLAB;
    const full = this.#full;
    const lengths = this.#fullLengths;
    const { slab } = this;
    const length = this.#length;
    this.#reset();
    if (full !== undefined && lengths !== undefined) {
      for (let i = 0; i < full.length; i++) sink(full[i] as Buffer, lengths[i] as number);
    }
    if (length > 0) sink(slab, length);
    else if (slab.length > 0) slabPool.give(slab);
  }

  /** Gives everything back unsent. */
  discard(): void {
    this.drainTo((slab) => {
      slabPool.give(slab);
    });
  }

  #reset(): void {
    this.slab = NONE;
    this.#view = undefined;
    this.#length = 0;
    this.#full = undefined;
    this.#fullLengths = undefined;
    this.#fullBytes = 0;
  }

  #nextSlab(bytes: number): void {
    const first = this.slab.length === 0;
    if (!first) {
      (this.#full ??= []).push(this.slab);
      (this.#fullLengths ??= []).push(this.#length);
      this.#fullBytes += this.#length;
    }
    this.#length = 0;
    this.#view = undefined;
    this.slab = slabPool.take(first && !this.#busy ? bytes : Math.max(bytes, LARGE_SLAB));
  }
}
