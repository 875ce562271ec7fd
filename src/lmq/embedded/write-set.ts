/** Writes by key: those of the open commit and those of the commit in flight. The last one per key counts. */
export class WriteSet {
  #open = new Map<string, Buffer | null>();
  #sealed = new Map<string, Buffer | null>();

  /** Notes a write, null for a deletion. */
  set(key: string, value: Buffer | null): void {
    this.#open.set(key, value);
  }

  /** The last value written and not settled; null when it is a deletion, undefined when there is none. */
  get(key: string): Buffer | null | undefined {
    const value = this.#open.get(key);
    return value === undefined ? this.#sealed.get(key) : value;
  }

  seal(): void {
    if (this.#open.size === 0) return;
    this.#sealed = this.#open;
    this.#open = new Map();
  }

  get isSealedEmpty(): boolean {
    return this.#sealed.size === 0;
  }

  get sealed(): IterableIterator<[string, Buffer | null]> {
    return this.#sealed.entries();
  }

  settle(): void {
    if (this.#sealed.size > 0) this.#sealed = new Map();
  }
}
