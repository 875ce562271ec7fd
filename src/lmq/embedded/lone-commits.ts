/** So many in a row with nobody waiting behind them, until it is believed that it goes on like that. */
const ENOUGH = 8;
/** Early commits between two that go to the engine to see whether somebody waits: few at first. */
const FIRST_INTERVAL = 8;
const LAST_INTERVAL = 64;
/** A write of the journal that takes so long is one that the system has held back, ms. */
const LONG_MS = 5;
/** After it early commits are off for so many times the time it took, so that they wait 1 % of the time at most. */
const REST = 100;

/**
 * Whether commits are alone under load: nothing is gathered while one is under way in the engine, because
 * those who write wait for its answer, such as one publisher with a window. Then the engine's slower
 * write makes no larger commits, and the time it takes is lost. It is believed after some in a row, and looked at
 * again from time to time: a commit that goes to the engine is a probe.
 */
export class LoneCommits {
  #alone = 0;
  #early = 0;
  #interval = FIRST_INTERVAL;
  #offUntil = 0;

  /** Whether early commits are better, but for the probes. */
  get isBelieved(): boolean {
    return this.#alone >= ENOUGH;
  }

  /** Whether the next commit shall be early. */
  get isNextEarly(): boolean {
    return this.#alone >= ENOUGH && this.#early < this.#interval;
  }

  /**
   * A commit that went to the engine under load is over.
   * @param isAlone nothing waited for its end to be committed
   * @param now of the monotonic clock, ms
   */
  ended(isAlone: boolean, now: number): void {
    this.#early = 0;
    if (!isAlone || now < this.#offUntil) {
      this.reset();
      return;
    }
    if (this.isBelieved) this.#interval = Math.min(2 * this.#interval, LAST_INTERVAL);
    this.#alone++;
  }

  /** An early commit took `ms` to write. */
  wrote(ms: number, now: number): void {
    this.#early++;
    if (ms < LONG_MS) return;
    this.#offUntil = now + REST * ms;
    this.reset();
  }

  /** What was seen does not count any more. */
  reset(): void {
    this.#alone = 0;
    this.#interval = FIRST_INTERVAL;
  }
}
