import type { Clock, Timer } from './clock.ts';
import type { Service } from './lifecycle.ts';

/** Lateness over which the event loop counts as stalled, ms. */
export const STALL_MS = 20;
const TICK_MS = 10;
/** Between ticks of a process with next to nothing to do, which shall sleep: waking it a hundred times a second is a percent of a core. */
const QUIET_TICK_MS = 100;
/** Share of the time that the event loop is at work, below which there is next to nothing to do. */
const QUIET_SHARE = 0.03;
/** Ticks between two looks at that share; each of a quiet process looks. */
const TICKS_TO_LOOK = 100;

/** Stalls of the event loop so far. */
export interface StallCounts {
  readonly count: number;
  readonly milliseconds: number;
}

/** Time that the event loop has been at work, and that it has waited, since it began, ms. */
export interface LoopTimes {
  readonly active: number;
  readonly idle: number;
}

/**
 * Counts how often the event loop was late. A timer of its own rather than
 * `perf_hooks.monitorEventLoopDelay`: that one keeps a distribution, from which single stalls cannot be
 * counted. While the loop is at work for less than 3 % of the time it looks ten times a second rather than a hundred:
 * a single stall of less than 120 ms may then go unnoticed. One is enough for a process: it counts while somebody has started
 * it who has not stopped it.
 */
export class EventLoopStalls implements Service, StallCounts {
  readonly #clock: Clock;
  readonly #loopTimes: () => LoopTimes;
  #timer: Timer | undefined;
  #users = 0;
  #tickMs = TICK_MS;
  #ticks = 0;
  #last: LoopTimes = { active: 0, idle: 0 };
  #due = 0;
  #count = 0;
  #milliseconds = 0;

  constructor(clock: Clock, loopTimes: () => LoopTimes = () => performance.eventLoopUtilization()) {
    this.#clock = clock;
    this.#loopTimes = loopTimes;
  }

  get count(): number {
    return this.#count;
  }

  /** Time that it was late in the stalls counted. */
  get milliseconds(): number {
    return this.#milliseconds;
  }

  start(): Promise<void> {
    this.#users++;
    if (this.#timer !== undefined) return Promise.resolve();
    this.#last = this.#loopTimes();
    this.#tickEvery(TICK_MS);
    return Promise.resolve();
  }

  /** Once for each `start`. */
  stop(): Promise<void> {
    if (this.#users > 0) this.#users--;
    if (this.#users > 0) return Promise.resolve();
    this.#timer?.cancel();
    this.#timer = undefined;
    return Promise.resolve();
  }

  #tickEvery(milliseconds: number): void {
    this.#timer?.cancel();
    this.#tickMs = milliseconds;
    this.#ticks = 0;
    this.#due = this.#clock.monotonic() + milliseconds;
    this.#timer = this.#clock.every(milliseconds, () => {
      this.#tick();
    });
  }

  #tick(): void {
    const now = this.#clock.monotonic();
    const late = now - this.#due;
    this.#due = now + this.#tickMs;
    if (late > STALL_MS) {
      this.#count++;
      this.#milliseconds += late;
    }
    this.#ticks++;
    if (this.#tickMs === QUIET_TICK_MS || this.#ticks === TICKS_TO_LOOK) this.#adapt();
  }

  #adapt(): void {
    this.#ticks = 0;
    const times = this.#loopTimes();
    const active = times.active - this.#last.active;
    const idle = times.idle - this.#last.idle;
    this.#last = times;
    const wanted = active < QUIET_SHARE * (active + idle) ? QUIET_TICK_MS : TICK_MS;
    if (wanted !== this.#tickMs) this.#tickEvery(wanted);
  }
}
