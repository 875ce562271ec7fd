const FIRST_SLOTS = 1_024;
/** Odd, near 2^32 divided by the golden ratio: spreads ids that follow each other. */
const SPREAD = 0x9e37_79b1;
const TWO_32 = 0x1_0000_0000;

/**
 * A number for each of many queues, by id: open addressing in two typed arrays. A `Map` of as many takes three times the
 * memory, which the collector goes through.
 */
export class QueueHeads {
  #ids: Float64Array;
  #heads: Int32Array;
  #mask: number;
  #count = 0;

  /** @param queues that are expected */
  constructor(queues: number) {
    let slots = FIRST_SLOTS;
    while (slots < 2 * queues) slots *= 2;
    this.#ids = new Float64Array(slots);
    this.#heads = new Int32Array(slots);
    this.#mask = slots - 1;
  }

  /** Queues that have a number. */
  get count(): number {
    return this.#count;
  }

  /** For `idAt` and `headAt`. They hold until the next `set`. */
  get slots(): number {
    return this.#ids.length;
  }

  /** 0 when the slot is empty. */
  idAt(slot: number): number {
    return this.#ids[slot] as number;
  }

  headAt(slot: number): number {
    return this.#heads[slot] as number;
  }

  /** The number of a queue, or -1. */
  get(id: number): number {
    const slot = this.#slotOf(id);
    return this.#ids[slot] === id ? (this.#heads[slot] as number) : -1;
  }

  /** @returns the number before, or -1 */
  set(id: number, head: number): number {
    const slot = this.#slotOf(id);
    if (this.#ids[slot] === id) {
      const before = this.#heads[slot] as number;
      this.#heads[slot] = head;
      return before;
    }
    this.#ids[slot] = id;
    this.#heads[slot] = head;
    if (++this.#count * 2 > this.#ids.length) this.#grow();
    return -1;
  }

  /** Where the id is, or would be. */
  #slotOf(id: number): number {
    const ids = this.#ids;
    const mask = this.#mask;
    const mixed = Math.imul((id | 0) ^ Math.floor(id / TWO_32), SPREAD);
    let slot = (mixed ^ (mixed >>> 15)) & mask;
    for (;;) {
      const found = ids[slot];
      if (found === id || found === 0) return slot;
      slot = (slot + 1) & mask;
    }
  }

  #grow(): void {
    const ids = this.#ids;
    const heads = this.#heads;
    this.#ids = new Float64Array(ids.length * 2);
    this.#heads = new Int32Array(ids.length * 2);
    this.#mask = this.#ids.length - 1;
    for (let i = 0; i < ids.length; i++) {
      const id = ids[i] as number;
      if (id === 0) continue;
      const slot = this.#slotOf(id);
      this.#ids[slot] = id;
      this.#heads[slot] = heads[i] as number;
    }
  }
}
