import { WaitingLine } from '../../common/waiting-line.ts';

/**
 * Lets a few reads run at once and the others wait in line: the thread pool is shared with the commits,
 * which must not stand behind thousands of readers.
 */
export class ReadSlots {
  #free: number;
  readonly #waiting = new WaitingLine<() => void>();

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
    const next = this.#waiting.shift();
    if (next === undefined) this.#free++;
    else next();
  }
}
