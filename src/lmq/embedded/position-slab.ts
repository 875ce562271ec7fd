/** Of 4 bytes each. */
const SLAB_POSITIONS = 16 * 1024;

/**
 * Memory for lists of positions, outside of V8's heap. The lists live as long as the tail's blocks: on the heap each was
 * copied twice while it was young, and everybody waits for that (ADR 990). The memory goes with the last list in it.
 */
export class PositionSlab {
  /** Where lists are written. */
  slab: Uint32Array = new Uint32Array(0);
  /** Where the next list begins: who has written one moves it to its end. */
  at = 0;

  /** Sees to it that `slab` has room for so many positions from `at` on; both may be others afterwards. */
  reserve(positions: number): void {
    if (this.at + positions <= this.slab.length) return;
    this.slab = new Uint32Array(Math.max(SLAB_POSITIONS, positions));
    this.at = 0;
  }
}
