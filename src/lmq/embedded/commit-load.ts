/** What may come on top at once, in ms of the rate: a pause of the process makes a burst, not a load. */
const BURST_MS = 4;
/** What a load leaves behind: so long without a commit, or longer at a lower rate, until it is over. */
const LOAD_MS = 32;

/**
 * Whether there is so much to commit that fewer and larger commits are better than early ones. A bucket
 * that commits fill and time empties: a load begins when more than a burst is in it and ends when it is empty, so
 * that a rate near the limit, or a pause, does not change it back and forth.
 */
export class CommitLoad {
  readonly #bytesPerMs: number;
  #bytes = 0;
  #time = 0;
  #isHigh = false;

  /** @param bytesPerMs up to which early commits are worth having */
  constructor(bytesPerMs: number) {
    this.#bytesPerMs = bytesPerMs;
  }

  /** As of the last call of `passTime` or `add`. */
  get isHigh(): boolean {
    return this.#isHigh;
  }

  /** @param now of the monotonic clock, ms */
  passTime(now: number): void {
    this.#bytes -= (now - this.#time) * this.#bytesPerMs;
    this.#time = now;
    if (this.#bytes > 0) return;
    this.#bytes = 0;
    this.#isHigh = false;
  }

  /** Counts a commit. */
  add(bytes: number): void {
    this.#bytes += bytes;
    if (this.#bytes < (this.#isHigh ? LOAD_MS : BURST_MS) * this.#bytesPerMs) return;
    this.#bytes = LOAD_MS * this.#bytesPerMs;
    this.#isHigh = true;
  }
}
