import type { Clock } from '../../common/clock.ts';

/** Time that publishes with much work have of one turn, ms. */
export const PUBLISH_MS: number = 4;
/** Work between two looks at the clock. */
const LOOK_AFTER = 64;

/**
 * Shares turns of the event loop out among connections whose publishes are much work: to a topic that many subscriptions
 * match, be they those of one client, or to one that is new to the store. What one read brings of them would
 * keep all others waiting, and the commit that they are in as well (ADR 911). When they have had their time, the next
 * ones come in later turns, one connection after the other. Publishes with little work are not asked for.
 */
export class PublishTurns {
  readonly #clock: Clock;
  /** In the order in which they came. */
  #waiting: (() => void)[] = [];
  #isServing = false;
  #hasBegun = false;
  #isOver = false;
  /** Of the turn, monotonic. */
  #endsAt = 0;
  /** Since the last look at the clock. */
  #work = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Whether a publish may be handled now; else it is to `wait`.
   * @param work for it: a subscription or queue that it goes to is one
   */
  mayTake(work: number): boolean {
    if (this.#isOver || (this.#waiting.length > 0 && !this.#isServing)) return false;
    this.#work += work;
    if (this.#work >= LOOK_AFTER) this.#look();
    return true;
  }

  /** Calls `goOn` in a later turn, when those who wait longer have been called. */
  wait(goOn: () => void): void {
    this.#waiting.push(goOn);
    if (!this.#hasBegun) this.#begin(this.#clock.monotonic());
  }

  #look(): void {
    this.#work = 0;
    const now = this.#clock.monotonic();
    if (!this.#hasBegun) this.#begin(now);
    else if (now >= this.#endsAt) this.#isOver = true;
  }

  #begin(now: number): void {
    this.#hasBegun = true;
    this.#endsAt = now + PUBLISH_MS;
    setImmediate(this.#endOfTurn);
  }

  readonly #endOfTurn = (): void => {
    this.#hasBegun = false;
    this.#isOver = false;
    this.#work = 0;
    if (this.#waiting.length > 0) this.#serve();
  };

  /** Each goes on until it has no more, or the time is over: then it waits behind the others. */
  #serve(): void {
    this.#begin(this.#clock.monotonic());
    const batch = this.#waiting;
    this.#waiting = [];
    let next = 0;
    this.#isServing = true;
    for (; next < batch.length && !this.#isOver; next++) batch[next]?.();
    this.#isServing = false;
    const rest = batch.slice(next);
    for (const goOn of this.#waiting) rest.push(goOn);
    this.#waiting = rest;
  }
}
