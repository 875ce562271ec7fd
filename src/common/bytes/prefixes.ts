/** A power of two. */
const PLACES = 512;

/**
 * Views of the beginning of one buffer, for whoever is handed many that hold for a moment. Making one takes as
 * long as copying hundreds of bytes; most are as long as another one was lately, so that is used again.
 */
export class Prefixes {
  readonly #buffer: Buffer;
  readonly #views = new Array<Buffer | undefined>(PLACES).fill(undefined);

  constructor(buffer: Buffer) {
    this.#buffer = buffer;
  }

  /** `buffer[0, length)`. */
  of(length: number): Buffer {
    const place = length & (PLACES - 1);
    const known = this.#views[place];
    if (known?.length === length) return known;
    const view = this.#buffer.subarray(0, length);
    this.#views[place] = view;
    return view;
  }
}
