import type { Clock, Timer } from '../../../../src/common/clock.ts';

/** Clock of one simulated process: its timers wait while it is stopped (SIGSTOP) and end with it. */
export class ProcessClock implements Clock {
  readonly #world: Clock;
  #late: (() => void)[] = [];
  isPaused = false;
  #isDead = false;

  constructor(world: Clock) {
    this.#world = world;
  }

  now(): number {
    return this.#world.now();
  }

  monotonic(): number {
    return this.#world.monotonic();
  }

  every(intervalMs: number, callback: () => void): Timer {
    let isCancelled = false;
    let isLate = false;
    const timer = this.#world.every(intervalMs, () => {
      // Like a timer of Node: what was missed is made up for once.
      if (isLate) return;
      isLate = this.isPaused;
      this.#run(() => {
        isLate = false;
        if (!isCancelled) callback();
      });
    });
    return {
      cancel: () => {
        isCancelled = true;
        timer.cancel();
      },
    };
  }

  after(delayMs: number, callback: () => void): Timer {
    let isCancelled = false;
    const timer = this.#world.after(delayMs, () => {
      this.#run(() => {
        if (!isCancelled) callback();
      });
    });
    return {
      cancel: () => {
        isCancelled = true;
        timer.cancel();
      },
    };
  }

  resume(): void {
    this.isPaused = false;
    const late = this.#late;
    this.#late = [];
    for (const callback of late) callback();
  }

  end(): void {
    this.#isDead = true;
    this.#late = [];
  }

  #run(callback: () => void): void {
    if (this.#isDead) return;
    if (this.isPaused) this.#late.push(callback);
    else callback();
  }
}
