/**
 * Bytes of commits per millisecond up to which small commits are worth having: about 20,000 short messages
 * a second. Above it a commit that waits for the engine gathers so many messages that it costs less.
 */
const BYTES_PER_MS = 4 * 1024;
/** What may come on top at once: a pause of the process makes a burst, not a load. */
const BURST_BYTES = 16 * 1024;
/** What a load leaves behind: 32 ms without a commit, or longer at a lower rate, until it is over. */
const LOAD_BYTES = 128 * 1024;

/**
 * Whether there is so much to commit that fewer and larger commits are better than early ones. A bucket
 * that commits fill and time empties: a load begins when more than a burst is in it and ends when it is empty, so
 * that a rate near the limit, or a pause, does not change it back and forth.
 */
export class CommitLoad {
  #bytes = 0;
  #time = 0;
  #isHigh = false;

  /** As of the last call of `passTime` or `add`. */
  get isHigh(): boolean {
    return this.#isHigh;
  }

  /** @param now of the monotonic clock, ms */
  passTime(now: number): void {
    this.#bytes -= (now - this.#time) * BYTES_PER_MS;
    this.#time = now;
    if (this.#bytes > 0) return;
    this.#bytes = 0;
    this.#isHigh = false;
  }

  /** Counts a commit. */
  add(bytes: number): void {
    this.#bytes += bytes;
    if (this.#bytes < (this.#isHigh ? LOAD_BYTES : BURST_BYTES)) return;
    this.#bytes = LOAD_BYTES;
    this.#isHigh = true;
  }
}
