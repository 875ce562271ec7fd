/**
 * A rate per second with bursts of one second's worth. What is spent may go below zero, so that one
 * thing larger than a second's worth passes and is waited for afterwards.
 */
export class TokenBucket {
  readonly #rate: number;
  #tokens: number;
  #filledAt: number;

  /** @param rate tokens a second, over 0 @param now monotonic time, ms */
  constructor(rate: number, now: number) {
    this.#rate = rate;
    this.#tokens = rate;
    this.#filledAt = now;
  }

  /** Whether anything may be spent at `now`. */
  mayTake(now: number): boolean {
    this.#fill(now);
    return this.#tokens > 0;
  }

  spend(tokens: number): void {
    this.#tokens -= tokens;
  }

  /** Time from `now` until something may be spent again, ms; 0 when it may be. */
  waitMs(now: number): number {
    this.#fill(now);
    // A millisecond's worth at least: with nothing but zero reached nothing could be spent.
    return this.#tokens > 0 ? 0 : Math.ceil((-this.#tokens * 1000) / this.#rate) + 1;
  }

  #fill(now: number): void {
    const earned = ((now - this.#filledAt) * this.#rate) / 1000;
    this.#filledAt = now;
    this.#tokens = Math.min(this.#rate, this.#tokens + earned);
  }
}
