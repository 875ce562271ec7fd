/** Places of the line that may be left behind before it is moved together. */
const MAX_WASTE = 256;

/** First come, first served, however many wait: taking the first one is not moving all others, and what has been taken is let go of. */
export class WaitingLine<T> {
  #items: T[] = [];
  #head = 0;

  get isEmpty(): boolean {
    return this.#head === this.#items.length;
  }

  push(item: T): void {
    this.#items.push(item);
  }

  /** Takes the one that has waited longest; undefined when none does. */
  shift(): T | undefined {
    if (this.isEmpty) return undefined;
    const item = this.#items[this.#head++];
    if (this.#head === this.#items.length) {
      this.#items = [];
      this.#head = 0;
    } else if (this.#head >= MAX_WASTE && this.#head * 2 >= this.#items.length) {
      // While there are always some waiting, the line is never empty.
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    return item;
  }
}
