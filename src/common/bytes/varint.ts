/** Unsigned LEB128 of safe integers: seven bits a byte, lowest first, high bit set but on the last. */
export const MAX_VARINT_BYTES = 8;

/** Writes `value` and returns the position after it. */
export function writeVarint(target: Buffer, value: number, at: number): number {
  let rest = value;
  while (rest >= 0x80) {
    if (rest < 0x8000_0000) {
      target[at++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    } else {
      target[at++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
  }
  target[at++] = rest;
  return at;
}

/** Reads varints one after the other; `failed` is set, and zeros are read, from the first bad one on. */
export class VarintReader {
  #source: Buffer;
  #at: number;
  failed = false;

  constructor(source: Buffer, at: number) {
    this.#source = source;
    this.#at = at;
  }

  /** Where the next one begins. */
  get at(): number {
    return this.#at;
  }

  /** Goes on elsewhere; `failed` stays as it is. */
  moveTo(source: Buffer, at: number): void {
    this.#source = source;
    this.#at = at;
  }

  get atEnd(): boolean {
    return this.#at === this.#source.length;
  }

  next(): number {
    let value = 0;
    let scale = 1;
    for (let i = 0; i < MAX_VARINT_BYTES; i++) {
      const byte = this.#source[this.#at];
      if (byte === undefined || this.failed) break;
      this.#at++;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) {
        if (value > Number.MAX_SAFE_INTEGER) break;
        return value;
      }
      scale *= 0x80;
    }
    this.failed = true;
    return 0;
  }
}
