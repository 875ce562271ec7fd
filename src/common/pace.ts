import type { Clock } from './clock.ts';

/** Steps between two looks at the clock. */
const STEPS = 256;
/** Rests are no longer, so that whoever waits for the end of the work does not wait for a rest, ms. */
const LONGEST_REST_MS = 100;

/**
 * Keeps long work in the background slow enough for others: it rests in proportion to the time that its
 * steps took, which is long where others have much to do.
 */
export class Pace {
  readonly #clock: Clock;
  readonly #restPerWork: number;
  #steps = 0;
  #workingSince: number;

  /** @param share of the time that the work may take, above 0 and at most 1 */
  constructor(clock: Clock, share: number) {
    this.#clock = clock;
    this.#restPerWork = (1 - share) / share;
    this.#workingSince = clock.monotonic();
  }

  /** To be called after each step; a rest to wait for comes back now and then. */
  step(): Promise<void> | undefined {
    if (++this.#steps % STEPS !== 0) return undefined;
    const worked = this.#clock.monotonic() - this.#workingSince;
    return this.#rest(Math.min(LONGEST_REST_MS, worked * this.#restPerWork));
  }

  async #rest(milliseconds: number): Promise<void> {
    if (milliseconds > 0) {
      await new Promise<void>((resolve) => {
        this.#clock.after(milliseconds, resolve, true);
      });
    }
    this.#workingSince = this.#clock.monotonic();
  }
}
