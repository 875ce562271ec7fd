/** Runs the tasks of one key one after another; keys do not wait for each other. */
export class KeyedSerialQueue {
  readonly #last = new Map<string, Promise<void>>();

  /** Keys with a task running or waiting. */
  get size(): number {
    return this.#last.size;
  }

  /** Those keys. */
  keys(): IterableIterator<string> {
    return this.#last.keys();
  }

  async run<T>(key: string, task: () => Promise<T>): Promise<T> {
    const before = this.#last.get(key);
    let release: () => void = () => undefined;
    const mine = new Promise<void>((resolve) => {
      release = resolve;
    });
    this.#last.set(key, mine);
    if (before !== undefined) await before;
    try {
      return await task();
    } finally {
      release();
      if (this.#last.get(key) === mine) this.#last.delete(key);
    }
  }
}
