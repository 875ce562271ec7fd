import type { QueueOffset } from '../spi/types.ts';
import type { RemoteSegment } from './remote-segment.ts';

/** Head slots that may be wasted before the list is moved together. */
const MAX_WASTE = 64;

/** The segments of one queue that are in memory, in the order of their offsets; there may be gaps. */
export class SegmentTail {
  #segments: RemoteSegment[] = [];
  #head = 0;
  /** Index of the segment found last: readers go forward. */
  #hint = 0;

  /** False for one that overlaps what is here: it is not taken. */
  push(segment: RemoteSegment): boolean {
    const newest = this.#segments.at(-1);
    if (newest !== undefined && segment.firstOffset < newest.end) return false;
    this.#segments.push(segment);
    return true;
  }

  /** Drops a segment if it is the oldest one. */
  drop(segment: RemoteSegment): void {
    if (this.#segments[this.#head] !== segment) return;
    this.#segments[this.#head++] = undefined as never;
    if (this.#head === this.#segments.length) {
      this.#segments = [];
      this.#head = 0;
    } else if (this.#head >= MAX_WASTE && this.#head * 2 >= this.#segments.length) {
      this.#segments = this.#segments.slice(this.#head);
      this.#hint = Math.max(0, this.#hint - this.#head);
      this.#head = 0;
    }
  }

  /** The segment that holds `offset`. */
  find(offset: QueueOffset): RemoteSegment | undefined {
    const segments = this.#segments;
    const last = segments.length - 1;
    if (last < this.#head) return undefined;
    const newest = segments[last] as RemoteSegment;
    if (offset >= newest.firstOffset) return offset < newest.end ? newest : undefined;
    if (offset < (segments[this.#head] as RemoteSegment).firstOffset) return undefined;
    for (let i = Math.max(this.#hint, this.#head), end = i + 2; i < end && i < last; i++) {
      const segment = segments[i] as RemoteSegment;
      if (offset < segment.firstOffset || offset >= segment.end) continue;
      this.#hint = i;
      return segment;
    }
    return this.#search(offset, last);
  }

  #search(offset: QueueOffset, last: number): RemoteSegment | undefined {
    let low = this.#head;
    let high = last;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if ((this.#segments[middle] as RemoteSegment).firstOffset <= offset) low = middle;
      else high = middle - 1;
    }
    const segment = this.#segments[low] as RemoteSegment;
    this.#hint = low;
    return offset < segment.end ? segment : undefined;
  }
}
