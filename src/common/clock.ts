/** A call that a clock has been asked for. */
export interface Timer {
  /** It does not come any more. Nothing happens when it has come already. */
  cancel(): void;
}

/** Time as a port, so that tests own it. */
export interface Clock {
  /** Wall clock, milliseconds since the epoch. */
  now(): number;
  /** Monotonic clock, milliseconds. */
  monotonic(): number;
  /** Calls `callback` every `intervalMs` until cancelled. Does not keep the process alive. */
  every(intervalMs: number, callback: () => void): Timer;
  /**
   * Calls `callback` once after `delayMs` unless cancelled.
   * @param keepsAlive the process does not end before; unless given, it may
   */
  after(delayMs: number, callback: () => void, keepsAlive?: boolean): Timer;
}

/** The process's own. The only place of `src/` that touches the global timers. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  every(intervalMs, callback) {
    const timer = setInterval(callback, intervalMs).unref();
    return {
      cancel: () => {
        clearInterval(timer);
      },
    };
  },
  after(delayMs, callback, keepsAlive = false) {
    const timer = setTimeout(callback, delayMs);
    if (!keepsAlive) timer.unref();
    return {
      cancel: () => {
        clearTimeout(timer);
      },
    };
  },
};
