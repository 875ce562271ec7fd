import type { Clock, Timer } from '../../../src/common/clock.ts';

interface Scheduled {
  readonly callback: () => void;
  readonly intervalMs: number | undefined;
  due: number;
}

/** Time that moves when the test says so. */
export class ManualClock implements Clock {
  readonly #timers = new Set<Scheduled>();
  #now: number;
  #skewMs = 0;

  constructor(now = 1_700_000_000_000) {
    this.#now = now;
  }

  now(): number {
    return this.#now + this.#skewMs;
  }

  monotonic(): number {
    return this.#now;
  }

  every(intervalMs: number, callback: () => void): Timer {
    return this.#schedule({ callback, intervalMs, due: this.#now + intervalMs });
  }

  after(delayMs: number, callback: () => void): Timer {
    return this.#schedule({ callback, intervalMs: undefined, due: this.#now + delayMs });
  }

  /** Sets the wall clock without running timers. */
  set(now: number): void {
    this.#now = now;
  }

  /** The wall clock alone goes ahead, or back. */
  jump(ms: number): void {
    this.#skewMs += ms;
  }

  /** Moves on and runs what is due, each timer at most once. */
  advance(ms: number): void {
    this.#now += ms;
    for (const timer of [...this.#timers]) {
      if (timer.due > this.#now) continue;
      if (timer.intervalMs === undefined) this.#timers.delete(timer);
      else timer.due = this.#now + timer.intervalMs;
      timer.callback();
    }
  }

  get timers(): number {
    return this.#timers.size;
  }

  #schedule(timer: Scheduled): Timer {
    this.#timers.add(timer);
    return {
      cancel: () => {
        this.#timers.delete(timer);
      },
    };
  }
}
