import type { QueueOffset, Segment } from '../spi/types.ts';

/** Room of the first ring: most queues have a few segments. */
const FIRST_ROOM = 4;

type TailSegment = Pick<Segment, 'firstOffset' | 'count'>;

/**
 * The segments of one queue that are in memory, oldest first. Stores have many queues with one segment, so the newest is
 * held as it is; those before it are in a ring of a power of two, which grows and shrinks with them and goes with the last one.
 */
export class QueueTail<S extends TailSegment> {
  #newest: S | undefined = undefined;
  /** Undefined while there is none but the newest. */
  #ring: (S | undefined)[] | undefined = undefined;
  #head = 0;
  /** Segments in the ring. */
  #older = 0;
  /** Index, from the oldest on, of the segment found last: readers go forward. */
  #hint = 0;

  pushTail(segment: S): void {
    const before = this.#newest;
    this.#newest = segment;
    if (before === undefined) return;
    if (this.#ring === undefined) this.#ring = [before, undefined, undefined, undefined];
    else {
      if (this.#older === this.#ring.length) this.#resize(this.#older * 2);
      this.#ring[(this.#head + this.#older) & (this.#ring.length - 1)] = before;
    }
    this.#older++;
  }

  /** Drops the oldest segment, which the ring of blocks has let go. */
  shiftTail(): void {
    const ring = this.#ring;
    if (ring === undefined || this.#older === 0) {
      this.clearTail();
      return;
    }
    ring[this.#head] = undefined;
    this.#head = (this.#head + 1) & (ring.length - 1);
    this.#older--;
    if (this.#hint > 0) this.#hint--;
    if (this.#older * 4 <= ring.length && ring.length > FIRST_ROOM) this.#resize(ring.length / 2);
  }

  /** Forgets all segments; the ring of blocks frees their blocks in its own time. */
  clearTail(): void {
    this.#newest = undefined;
    this.#ring = undefined;
    this.#head = 0;
    this.#older = 0;
    this.#hint = 0;
  }

  /** The segment in memory that holds `offset`. */
  findTail(offset: QueueOffset): S | undefined {
    const newest = this.#newest;
    if (newest === undefined) return undefined;
    if (offset >= newest.firstOffset) {
      return offset < newest.firstOffset + newest.count ? newest : undefined;
    }
    if (this.#older === 0 || offset < this.#at(0).firstOffset) return undefined;
    for (let i = this.#hint, end = Math.min(i + 2, this.#older); i < end; i++) {
      const segment = this.#at(i);
      if (offset >= segment.firstOffset && offset < segment.firstOffset + segment.count) {
        this.#hint = i;
        return segment;
      }
    }
    return this.#search(offset);
  }

  #search(offset: QueueOffset): S | undefined {
    let low = 0;
    let high = this.#older - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if (this.#at(middle).firstOffset <= offset) low = middle;
      else high = middle - 1;
    }
    const segment = this.#at(low);
    this.#hint = low;
    return offset < segment.firstOffset + segment.count ? segment : undefined;
  }

  /** The segment of that index in the ring, from the oldest on. */
  #at(index: number): S {
    const ring = this.#ring as S[];
    return ring[(this.#head + index) & (ring.length - 1)] as S;
  }

  #resize(room: number): void {
    const ring = new Array<S | undefined>(room).fill(undefined);
    for (let i = 0; i < this.#older; i++) ring[i] = this.#at(i);
    this.#ring = ring;
    this.#head = 0;
  }
}
