import type { Clock, Timer } from './clock.ts';
import type { Service } from './lifecycle.ts';

/** Lateness over which the event loop counts as stalled, ms. */
export const STALL_MS = 20;
const TICK_MS = 10;

/** Stalls of the event loop so far. */
export interface StallCounts {
  readonly count: number;
  readonly milliseconds: number;
}

/**
 * Counts how often the event loop was late. A timer of its own rather than
 * `perf_hooks.monitorEventLoopDelay`: that one keeps a distribution, from which single stalls cannot be
 * counted.
 */
export class EventLoopStalls implements Service, StallCounts {
  readonly #clock: Clock;
  #timer: Timer | undefined;
  #due = 0;
  #count = 0;
  #milliseconds = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get count(): number {
    return this.#count;
  }

  /** Time that it was late in the stalls counted. */
  get milliseconds(): number {
    return this.#milliseconds;
  }

  start(): Promise<void> {
    this.#due = this.#clock.monotonic() + TICK_MS;
    this.#timer ??= this.#clock.every(TICK_MS, () => {
      this.#tick();
    });
    return Promise.resolve();
  }

  stop(): Promise<void> {
    this.#timer?.cancel();
    this.#timer = undefined;
    return Promise.resolve();
  }

  #tick(): void {
    const now = this.#clock.monotonic();
    const late = now - this.#due;
    this.#due = now + TICK_MS;
    if (late <= STALL_MS) return;
    this.#count++;
    this.#milliseconds += late;
  }
}
