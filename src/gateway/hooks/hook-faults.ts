import type { Clock } from '../../common/clock.ts';
import { messageOf } from '../../common/errors.ts';
import type { Logger } from '../../common/logger.ts';
import type { GatewayStats } from '../gateway-stats.ts';

/** Between two lines of the log about one method of one hook, ms. */
const LOG_INTERVAL_MS = 1000;

interface Fault {
  loggedAt: number;
  /** Since then. */
  unlogged: number;
}

/** Where hooks that throw, or return what they may not, are counted and told of: never a line per message. */
export class HookFaults {
  readonly #stats: GatewayStats;
  readonly #clock: Clock;
  readonly #logger: Logger;
  /** By hook and method. */
  readonly #faults = new Map<string, Fault>();

  constructor(stats: GatewayStats, clock: Clock, logger: Logger) {
    this.#stats = stats;
    this.#clock = clock;
    this.#logger = logger;
  }

  /** Notes that `method` of the hook has failed. */
  report(hook: string, method: string, error: unknown): void {
    this.#stats.hookErrors++;
    const key = `${hook}.${method}`;
    const fault = this.#faults.get(key) ?? { loggedAt: -Infinity, unlogged: 0 };
    this.#faults.set(key, fault);
    fault.unlogged++;
    const now = this.#clock.monotonic();
    if (now - fault.loggedAt < LOG_INTERVAL_MS) return;
    const times = fault.unlogged;
    fault.loggedAt = now;
    fault.unlogged = 0;
    const text = error instanceof Error ? (error.stack ?? error.message) : messageOf(error);
    this.#logger.error({ hook, method, times, error: text }, 'a hook failed');
  }

  /** Calls a hook that has nothing to decide: what it throws, now or later, is noted. */
  guard(hook: string, method: string, call: () => unknown): void {
    try {
      const result = call();
      if (result instanceof Promise) this.#watch(hook, method, result);
    } catch (error) {
      this.report(hook, method, error);
    }
  }

  /** Notes a verdict that is none. A promise is not waited for. */
  reportVerdict(hook: string, method: string, verdict: unknown): void {
    if (verdict instanceof Promise) {
      this.#watch(hook, method, verdict);
      this.report(hook, method, new TypeError(`${method} is synchronous and returned a promise`));
      return;
    }
    this.report(hook, method, new TypeError(`${method} returned what is no verdict`));
  }

  /** A rejection is no crash. */
  #watch(hook: string, method: string, promise: Promise<unknown>): void {
    promise.catch((error: unknown) => {
      this.report(hook, method, error);
    });
  }
}
