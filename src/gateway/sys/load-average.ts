/** No change below this is published. */
const SMALLEST_CHANGE = 0.01;

/**
 * How fast a counter grows, per minute: an exponentially weighted moving average, as that of a Unix
 * system's load.
 */
export class LoadAverage {
  readonly #timeConstantMs: number;
  #average = 0;
  #published = 0;

  /** @param minutes time constant */
  constructor(minutes: number) {
    this.#timeConstantMs = minutes * 60_000;
  }

  /** With two decimals. */
  get text(): string {
    return this.#published.toFixed(2);
  }

  /**
   * The counter has grown by `count` in the time since the call before.
   * @returns true when `text` may have changed
   */
  update(count: number, elapsedMs: number): boolean {
    if (elapsedMs <= 0) return false;
    const perMinute = (count * 60_000) / elapsedMs;
    const weight = Math.exp(-elapsedMs / this.#timeConstantMs);
    this.#average = perMinute + weight * (this.#average - perMinute);
    if (Math.abs(this.#average - this.#published) < SMALLEST_CHANGE) return false;
    this.#published = this.#average;
    return true;
  }
}
