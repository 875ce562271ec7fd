import type { Clock, Timer } from '../../../src/common/clock.ts';

interface FakeTimer {
  at: number;
  readonly intervalMs: number | undefined;
  readonly callback: () => void;
}

/** A clock that the test moves. */
export class FakeClock implements Clock {
  #elapsed = 0;
  readonly #start: number;
  readonly #timers = new Set<FakeTimer>();

  constructor(start = 1_700_000_000_000) {
    this.#start = start;
  }

  get pendingTimers(): number {
    return this.#timers.size;
  }

  now(): number {
    return this.#start + this.#elapsed;
  }

  monotonic(): number {
    return this.#elapsed;
  }

  every(intervalMs: number, callback: () => void): Timer {
    return this.#add({ at: this.#elapsed + intervalMs, intervalMs, callback });
  }

  after(delayMs: number, callback: () => void): Timer {
    return this.#add({ at: this.#elapsed + delayMs, intervalMs: undefined, callback });
  }

  /** Moves time on and calls what is due, in order. */
  advance(milliseconds: number): void {
    const end = this.#elapsed + milliseconds;
    for (let next = this.#next(end); next !== undefined; next = this.#next(end)) {
      this.#elapsed = Math.max(this.#elapsed, next.at);
      if (next.intervalMs === undefined) this.#timers.delete(next);
      else next.at += next.intervalMs;
      next.callback();
    }
    this.#elapsed = end;
  }

  #add(timer: FakeTimer): Timer {
    this.#timers.add(timer);
    return { cancel: () => this.#timers.delete(timer) };
  }

  #next(end: number): FakeTimer | undefined {
    let next: FakeTimer | undefined;
    for (const timer of this.#timers) {
      if (timer.at <= end && (next === undefined || timer.at < next.at)) next = timer;
    }
    return next;
  }
}
