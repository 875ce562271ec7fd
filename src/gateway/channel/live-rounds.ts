import type { Clock, Timer } from '../../common/clock.ts';
import { MANY, WIDE_ROUND_MS } from '../session/delivery-rounds.ts';
import type { SessionLink } from '../session/session.ts';

/** Output of one connection that does not wait: what a system call costs is little beside it. */
const LARGE_BYTES = 16 * 1024;

/** A connection, as far as its output can wait. */
export type RoundLink = Pick<SessionLink, 'out' | 'isInRound' | 'wantFlush'>;

/**
 * When messages at QoS 0 to many subscribers are sent: at once, but those that follow one within 2 ms together, since each
 * costs a system call for every subscriber (ADR 1003). They are in the output of their connections meanwhile, in order
 * with everything else; what else a connection has to send takes them with it.
 */
export class LiveRounds {
  readonly #clock: Clock;
  readonly #links: RoundLink[] = [];
  #lastRound = -Infinity;
  #timer: Timer | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Whether a message to so many subscribers waits; if it does not, a round begins with it. */
  holds(subscribers: number): boolean {
    if (subscribers < MANY) return false;
    if (this.#timer !== undefined) return true;
    const now = this.#clock.monotonic();
    if (now - this.#lastRound < WIDE_ROUND_MS) return true;
    this.#lastRound = now;
    return false;
  }

  /** Sends what the connection has with the round that comes. */
  add(link: RoundLink): void {
    if (link.out.byteLength > LARGE_BYTES) {
      link.wantFlush();
      return;
    }
    if (link.isInRound) return;
    link.isInRound = true;
    this.#links.push(link);
    this.#timer ??= this.#clock.after(WIDE_ROUND_MS, this.#run);
  }

  readonly #run = (): void => {
    this.#timer = undefined;
    this.#lastRound = this.#clock.monotonic();
    for (const link of this.#links) {
      link.isInRound = false;
      link.wantFlush();
    }
    this.#links.length = 0;
  };
}
