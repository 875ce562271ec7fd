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

/** The longest that a timer of Node.js waits, ms; asked for more it calls at once. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** The process's own. The only place of `src/` that touches the global timers. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  every(intervalMs, callback) {
    if (intervalMs > MAX_TIMER_MS) return everyLong(intervalMs, callback);
    const timer = setInterval(callback, intervalMs).unref();
    return {
      cancel: () => {
        clearInterval(timer);
      },
    };
  },
  after(delayMs, callback, keepsAlive = false) {
    let timer: NodeJS.Timeout;
    const wait = (leftMs: number): void => {
      if (leftMs > MAX_TIMER_MS) timer = setTimeout(wait, MAX_TIMER_MS, leftMs - MAX_TIMER_MS);
      else timer = setTimeout(callback, leftMs);
      if (!keepsAlive) timer.unref();
    };
    wait(delayMs);
    return {
      cancel: () => {
        clearTimeout(timer);
      },
    };
  },
};

function everyLong(intervalMs: number, callback: () => void): Timer {
  let timer = systemClock.after(intervalMs, call);
  function call(): void {
    timer = systemClock.after(intervalMs, call);
    callback();
  }
  return {
    cancel: () => {
      timer.cancel();
    },
  };
}
