import type { Clock } from '../../common/clock.ts';
import type { GatewayLimits } from '../limits.ts';
import { TokenBucket } from './token-bucket.ts';

/** Keeps timers few: a client that is paused is let on for at least this long's worth, ms. */
const SHORTEST_PAUSE_MS = 20;

/** How fast one connection may publish, in messages and bytes a second. */
export class PublishRate {
  readonly #clock: Clock;
  readonly #messages: TokenBucket | undefined;
  readonly #bytes: TokenBucket | undefined;

  constructor({ maxPublishRate, maxPublishBytesRate }: GatewayLimits, clock: Clock) {
    const now = clock.monotonic();
    this.#clock = clock;
    this.#messages = maxPublishRate > 0 ? new TokenBucket(maxPublishRate, now) : undefined;
    this.#bytes = maxPublishBytesRate > 0 ? new TokenBucket(maxPublishBytesRate, now) : undefined;
  }

  /** False when the client is over its rate; then nothing is counted. */
  take(bytes: number): boolean {
    const now = this.#clock.monotonic();
    if (this.#messages?.mayTake(now) === false || this.#bytes?.mayTake(now) === false) return false;
    this.#messages?.spend(1);
    this.#bytes?.spend(bytes);
    return true;
  }

  /** What has been taken for a packet that comes once more. */
  giveBack(bytes: number): void {
    this.#messages?.spend(-1);
    this.#bytes?.spend(-bytes);
  }

  /** How long the client has to pause now, ms; 0 = not at all. */
  pauseMs(): number {
    const now = this.#clock.monotonic();
    const wait = Math.max(this.#messages?.waitMs(now) ?? 0, this.#bytes?.waitMs(now) ?? 0);
    return wait === 0 ? 0 : Math.max(wait, SHORTEST_PAUSE_MS);
  }
}

export function isRateLimited({ maxPublishRate, maxPublishBytesRate }: GatewayLimits): boolean {
  return maxPublishRate > 0 || maxPublishBytesRate > 0;
}
