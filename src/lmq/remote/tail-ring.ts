import type { RemoteQueue } from './remote-queue.ts';
import type { RemoteSegment } from './remote-segment.ts';

/** Slots at the head that may be wasted before the ring is moved together. */
const MAX_WASTE = 256;
/** What a segment takes beside the bytes of its records. */
const SEGMENT_BYTES = 160;

/** A segment and the queue whose tail it is in. */
export interface PlacedSegment {
  readonly queue: RemoteQueue;
  readonly segment: RemoteSegment;
}

interface RingFrame {
  readonly bytes: number;
  readonly segments: readonly PlacedSegment[];
}

/** What the store has pushed, newest last, up to a number of bytes; the oldest frame goes first. */
export class TailRing {
  readonly #maxBytes: number;
  #frames: RingFrame[] = [];
  #head = 0;
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Memory that the frames pin. */
  get bytes(): number {
    return this.#bytes;
  }

  /**
   * Takes the segments of one frame, which are in the tails of their queues.
   * @param blockBytes of all its blocks, which live and die together
   */
  push(blockBytes: number, segments: readonly PlacedSegment[]): void {
    const bytes = blockBytes + segments.length * SEGMENT_BYTES;
    this.#frames.push({ bytes, segments });
    this.#bytes += bytes;
    while (this.#bytes > this.#maxBytes && this.#head < this.#frames.length) this.#dropOldest();
  }

  #dropOldest(): void {
    const frame = this.#frames[this.#head] as RingFrame;
    this.#frames[this.#head++] = undefined as never;
    this.#bytes -= frame.bytes;
    for (const { queue, segment } of frame.segments) queue.tail?.drop(segment);
    if (this.#head >= MAX_WASTE && this.#head * 2 >= this.#frames.length) {
      this.#frames = this.#frames.slice(this.#head);
      this.#head = 0;
    }
  }
}
