/** Places of the line that may be left behind before it is moved together. */
const MAX_WASTE = 256;

/**
 * Lets a few reads run at once and the others wait in line: the thread pool is shared with the commits,
 * which must not stand behind thousands of readers.
 */
export class ReadSlots {
  #free: number;
  #waiting: (() => void)[] = [];
  #head = 0;

  constructor(slots: number) {
    this.#free = slots;
  }

  async run<T>(read: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free--;
    else {
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve);
      });
    }
    try {
      return await read();
    } finally {
      this.#release();
    }
  }

  /** Hands the slot to the next in line. */
  #release(): void {
    const next = this.#waiting[this.#head];
    if (next === undefined) {
      this.#free++;
      this.#waiting = [];
      this.#head = 0;
      return;
    }
    this.#head++;
    // While there are always some waiting, the line is never empty.
    if (this.#head >= MAX_WASTE && this.#head * 2 >= this.#waiting.length) {
      this.#waiting = this.#waiting.slice(this.#head);
      this.#head = 0;
    }
    next();
  }
}
