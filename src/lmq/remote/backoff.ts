/** Pauses between attempts: twice as long each time, and shortened by chance so that nodes do not come all at once. */
export class Backoff {
  readonly #minMs: number;
  readonly #maxMs: number;
  readonly #random: () => number;
  #nextMs: number;

  /** @param random below 1; for tests */
  constructor(minMs: number, maxMs: number, random: () => number = Math.random) {
    this.#minMs = minMs;
    this.#maxMs = maxMs;
    this.#random = random;
    this.#nextMs = minMs;
  }

  /** Milliseconds to wait now: between half of the pause and all of it. */
  next(): number {
    const pause = this.#nextMs;
    this.#nextMs = Math.min(this.#maxMs, pause * 2);
    return pause * (0.5 + this.#random() / 2);
  }

  reset(): void {
    this.#nextMs = this.#minMs;
  }
}
