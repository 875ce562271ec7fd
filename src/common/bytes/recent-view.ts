/** Times that a buffer must be asked for in a row. */
const WORTH_A_VIEW = 3;

/**
 * The `DataView` of a buffer that is used many times in a row, as a chunk of input, a block of the log and a slab of
 * output are. Making one takes as long as copying a hundred bytes, so that a buffer gets it with its third use.
 */
export class RecentView {
  #buffer: Buffer | undefined;
  #view: DataView | undefined;
  #uses = 0;

  /** Of all of `buffer`; undefined when it has none. */
  of(buffer: Buffer): DataView | undefined {
    if (buffer === this.#buffer) return this.#view ?? this.#usedAgain(buffer);
    this.#buffer = buffer;
    this.#view = undefined;
    this.#uses = 1;
    return undefined;
  }

  /** Begins with a buffer whose view the caller has. It may reach over the end of the buffer. */
  know(buffer: Buffer, view: DataView): void {
    this.#buffer = buffer;
    this.#view = view;
  }

  /** The same, made at once: for whoever is about to use it many times. */
  make(buffer: Buffer): DataView {
    if (buffer !== this.#buffer) {
      this.#buffer = buffer;
      this.#view = undefined;
    }
    return (this.#view ??= viewOf(buffer));
  }

  #usedAgain(buffer: Buffer): DataView | undefined {
    if (++this.#uses < WORTH_A_VIEW) return undefined;
    return (this.#view = viewOf(buffer));
  }
}

/** A view of all of `buffer`. */
export function viewOf(buffer: Buffer): DataView {
  return new DataView(buffer.buffer, buffer.byteOffset, buffer.length);
}
