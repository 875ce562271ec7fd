const FIRST_SLOTS = 1_024;
/** Odd, near 2^32 divided by the golden ratio: spreads ids that follow each other. */
const SPREAD = 0x9e37_79b1;
const TWO_32 = 0x1_0000_0000;

/**
 * A number for each of many queues, by id: open addressing in one typed array, a slot of which is id and number side by
 * side. A `Map` of as many takes three times the memory, which the collector goes through.
 */
export class QueueHeads {
  #slots: Float64Array;
  #mask: number;
  #count = 0;

  /** @param queues that are expected */
  constructor(queues: number) {
    let slots = FIRST_SLOTS;
    while (slots < 2 * queues) slots *= 2;
    this.#slots = new Float64Array(2 * slots);
    this.#mask = slots - 1;
  }

  /** Queues that have a number. */
  get count(): number {
    return this.#count;
  }

  /** For `idAt` and `headAt`. They hold until the next `set`. */
  get slots(): number {
    return this.#mask + 1;
  }

  /** 0 when the slot is empty. */
  idAt(slot: number): number {
    return this.#slots[2 * slot] as number;
  }

  headAt(slot: number): number {
    return this.#slots[2 * slot + 1] as number;
  }

  /** The number of a queue, or -1. */
  get(id: number): number {
    const at = this.#find(id);
    return this.#slots[at] === id ? (this.#slots[at + 1] as number) : -1;
  }

  /** @returns the number before, or -1 */
  set(id: number, head: number): number {
    const at = this.#find(id);
    const slots = this.#slots;
    if (slots[at] === id) {
      const before = slots[at + 1] as number;
      slots[at + 1] = head;
      return before;
    }
    slots[at] = id;
    slots[at + 1] = head;
    if (++this.#count * 2 > this.slots) this.#grow();
    return -1;
  }

  /** Index of the id, or of where it would be. */
  #find(id: number): number {
    const slots = this.#slots;
    const mask = this.#mask;
    const mixed = Math.imul((id | 0) ^ Math.floor(id / TWO_32), SPREAD);
    let slot = (mixed ^ (mixed >>> 15)) & mask;
    for (;;) {
      const found = slots[2 * slot];
      if (found === id || found === 0) return 2 * slot;
      slot = (slot + 1) & mask;
    }
  }

  #grow(): void {
    const before = this.#slots;
    this.#slots = new Float64Array(before.length * 2);
    this.#mask = before.length - 1;
    for (let i = 0; i < before.length; i += 2) {
      const id = before[i] as number;
      if (id === 0) continue;
      const at = this.#find(id);
      this.#slots[at] = id;
      this.#slots[at + 1] = before[i + 1] as number;
    }
  }
}
