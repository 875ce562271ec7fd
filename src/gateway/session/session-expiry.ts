import type { Clock } from '../../common/clock.ts';
import { decodeSessionRecord, NEVER_EXPIRES } from './session-record.ts';

/** Stored sessions are looked through that often at least: they may be another gateway's. */
const LONGEST_REST_MS = 3_600_000;

/**
 * When stored sessions end (MQTT 5 §3.1.2.11.2). The interval counts from the disconnect. A session whose
 * gateway died has no disconnect in its record: it counts from the start of this one, so that its client has
 * the whole interval to come back, however long the gateway was away.
 */
export class SessionExpiry {
  readonly #clock: Clock;
  readonly #startedAt: number;
  /** Nothing ends before: wall clock, ms. */
  #nextEnd = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#startedAt = clock.now();
  }

  /** @throws StoreError for a record that cannot be read */
  isExpired(clientId: string, stored: Buffer): boolean {
    const { disconnectedAt, sessionExpirySeconds } = decodeSessionRecord(stored, clientId);
    if (sessionExpirySeconds === NEVER_EXPIRES) return false;
    const since = disconnectedAt === 0 ? this.#startedAt : disconnectedAt;
    const end = since + sessionExpirySeconds * 1000;
    if (this.#clock.now() >= end) return true;
    this.#nextEnd = Math.min(this.#nextEnd, end);
    return false;
  }

  /** A session has been stored that ends that long from now. */
  left(expirySeconds: number): void {
    if (expirySeconds === NEVER_EXPIRES) return;
    this.#nextEnd = Math.min(this.#nextEnd, this.#clock.now() + expirySeconds * 1000);
  }

  /**
   * False while no stored session can have ended; else all of them are to be looked at, with `isExpired`.
   * `lookAgain` is for when not all were.
   */
  begin(): boolean {
    const now = this.#clock.now();
    if (now < this.#nextEnd) return false;
    this.#nextEnd = now + LONGEST_REST_MS;
    return true;
  }

  lookAgain(): void {
    this.#nextEnd = 0;
  }
}
