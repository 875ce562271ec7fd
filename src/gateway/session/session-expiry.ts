import type { Clock } from '../../common/clock.ts';
import { messageOf } from '../../common/errors.ts';
import type { Logger } from '../../common/logger.ts';
import { awaySince, decodeSessionRecord, NEVER_EXPIRES } from './session-record.ts';

/** Stored sessions are looked through that often at least: they may be another gateway's. */
const LONGEST_REST_MS = 3_600_000;
/** With other gateways on the store, whose sessions end unseen. */
const LONGEST_REST_OF_MANY_MS = 600_000;

/**
 * When stored sessions end (MQTT 5 §3.1.2.11.2). The interval counts from the disconnect. A session whose
 * gateway died has no disconnect in its record: it counts from the start of this one, so that its client has
 * the whole interval to come back, however long the gateway was away. With other gateways on the store it does
 * not end: it may be connected there, and one whose gateway has died is marked by another.
 */
export class SessionExpiry {
  readonly #clock: Clock;
  readonly #startedAt: number;
  readonly #logger: Logger;
  readonly #isAlone: boolean;
  /** Nothing ends before: wall clock, ms. */
  #nextEnd = 0;

  /** @param isAlone no other gateway is on the store */
  constructor(clock: Clock, logger: Logger, isAlone = true) {
    this.#clock = clock;
    this.#logger = logger;
    this.#isAlone = isAlone;
    this.#startedAt = clock.now();
  }

  /** @throws StoreError for a record that cannot be read */
  isExpired(clientId: string, stored: Buffer): boolean {
    const record = decodeSessionRecord(stored, clientId);
    const { sessionExpirySeconds } = record;
    if (sessionExpirySeconds === NEVER_EXPIRES) return false;
    const away = awaySince(record);
    if (away === 0 && !this.#isAlone) return false;
    const since = away === 0 ? this.#startedAt : away;
    const end = since + sessionExpirySeconds * 1000;
    if (this.#clock.now() >= end) return true;
    this.#nextEnd = Math.min(this.#nextEnd, end);
    return false;
  }

  /** The same, but false for one that cannot be read: it waits for its client, and the others do not wait for it. */
  mayBeExpired(clientId: string, stored: Buffer): boolean {
    try {
      return this.isExpired(clientId, stored);
    } catch (error) {
      this.#logger.warn({ clientId, error: messageOf(error) }, 'a session cannot be read');
      return false;
    }
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
    this.#nextEnd = now + (this.#isAlone ? LONGEST_REST_MS : LONGEST_REST_OF_MANY_MS);
    return true;
  }

  lookAgain(): void {
    this.#nextEnd = 0;
  }
}
