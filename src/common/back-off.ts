const JITTER = 0.5;

/** Waiting times that grow with each failure, with jitter, so that many clients do not come at once. */
export class BackOff {
  readonly #firstMs: number;
  readonly #maxMs: number;
  #nextMs: number;

  constructor(firstMs: number, maxMs: number) {
    this.#firstMs = firstMs;
    this.#maxMs = maxMs;
    this.#nextMs = firstMs;
  }

  /** Milliseconds to wait after one more failure. */
  next(): number {
    const delayMs = this.#nextMs * (1 - JITTER * Math.random());
    this.#nextMs = Math.min(this.#maxMs, this.#nextMs * 2);
    return delayMs;
  }

  /** After a success. */
  reset(): void {
    this.#nextMs = this.#firstMs;
  }
}
