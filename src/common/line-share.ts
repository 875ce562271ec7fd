import type { Clock } from './clock.ts';

/** Lines in `INTERVAL_MS`. */
export const MAX_LINES = 20;
export const INTERVAL_MS: number = 60_000;

/** A bounded part of the log for lines that anybody can cause: what comes beyond it is counted, and told when the minute is over. */
export class LineShare {
  readonly #clock: Clock;
  readonly #tell: (times: number) => void;
  /** Monotonic clock of the first line, ms. */
  #since = -Infinity;
  #lines = 0;
  /** Told by no line so far. */
  #untold = 0;

  /** @param tell how many lines were too many */
  constructor(clock: Clock, tell: (times: number) => void) {
    this.#clock = clock;
    this.#tell = tell;
  }

  /** Whether there is room for a line more; counted when there is not. */
  take(): boolean {
    const now = this.#clock.monotonic();
    // One that has something untold begins anew when that is told.
    if (this.#untold === 0 && now - this.#since >= INTERVAL_MS) {
      this.#since = now;
      this.#lines = 0;
    }
    if (this.#lines < MAX_LINES) {
      this.#lines++;
      return true;
    }
    if (this.#untold++ === 0) this.#tellLater(now);
    return false;
  }

  #tellLater(now: number): void {
    this.#clock.after(Math.max(0, this.#since + INTERVAL_MS - now), () => {
      const times = this.#untold;
      this.#untold = 0;
      this.#since = -Infinity;
      this.#tell(times);
    });
  }
}
