/** Blocks read from disk, by number, up to a number of bytes; those read longest ago go first. */
export class BlockCache {
  readonly #maxBytes: number;
  readonly #blocks = new Map<number, Buffer>();
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get(number: number): Buffer | undefined {
    const block = this.#blocks.get(number);
    if (block !== undefined) {
      this.#blocks.delete(number);
      this.#blocks.set(number, block);
    }
    return block;
  }

  set(number: number, block: Buffer): void {
    this.#forget(number);
    if (block.length > this.#maxBytes) return;
    this.#blocks.set(number, block);
    this.#bytes += block.length;
    for (const oldest of this.#blocks.keys()) {
      if (this.#bytes <= this.#maxBytes) return;
      this.#forget(oldest);
    }
  }

  #forget(number: number): void {
    const block = this.#blocks.get(number);
    if (block === undefined) return;
    this.#blocks.delete(number);
    this.#bytes -= block.length;
  }
}
