import type { Clock } from '../../common/clock.ts';

/** 0 is no limit. */
export interface ConnectionLimits {
  /** Connections at a time from one address. */
  readonly maxConnectionsPerIp: number;
  /** Connections accepted in one second, on average; as many may come at once. */
  readonly maxConnectionRate: number;
}

export const NO_CONNECTION_LIMITS: ConnectionLimits = {
  maxConnectionsPerIp: 0,
  maxConnectionRate: 0,
};

const IPV4_IN_IPV6 = '::ffff:';

/** Counts the connections of all listeners by time and by address. */
export class ConnectionLimiter {
  readonly #clock: Clock;
  readonly #limits: ConnectionLimits;
  /** Only addresses with an open connection are in it. */
  readonly #perIp = new Map<string, number>();
  #tokens: number;
  #filledAt: number;

  constructor(clock: Clock, limits: ConnectionLimits) {
    this.#clock = clock;
    this.#limits = limits;
    this.#tokens = limits.maxConnectionRate;
    this.#filledAt = clock.monotonic();
  }

  /** Whether addresses are counted: then every `enter` that was true needs a `leave`. */
  get countsAddresses(): boolean {
    return this.#limits.maxConnectionsPerIp > 0;
  }

  /** False when too many connections have come of late. */
  takeRate(): boolean {
    const rate = this.#limits.maxConnectionRate;
    if (rate === 0) return true;
    const now = this.#clock.monotonic();
    const earned = ((now - this.#filledAt) * rate) / 1000;
    this.#filledAt = now;
    this.#tokens = Math.min(rate, this.#tokens + earned);
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }

  /** False when too many connections of that address are open. */
  enter(address: string): boolean {
    const key = keyOf(address);
    const open = this.#perIp.get(key) ?? 0;
    if (open >= this.#limits.maxConnectionsPerIp) return false;
    this.#perIp.set(key, open + 1);
    return true;
  }

  leave(address: string): void {
    const key = keyOf(address);
    const open = this.#perIp.get(key) ?? 0;
    if (open <= 1) this.#perIp.delete(key);
    else this.#perIp.set(key, open - 1);
  }
}

/** An IPv4 client counts as one, whichever listener it comes to. */
function keyOf(address: string): string {
  return address.startsWith(IPV4_IN_IPV6) && address.includes('.')
    ? address.slice(IPV4_IN_IPV6.length)
    : address;
}
