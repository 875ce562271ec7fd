import type { Clock } from '../../common/clock.ts';
import type { Session } from './session.ts';

/** Sessions from which on one turn of the event loop may be too short for them. */
const MANY = 8;
/** Time that delivery takes of one turn, ms. */
export const DELIVERY_MS: number = 4;

/**
 * The sessions that have something to be delivered, in the order in which that became known. What one commit has for many of
 * them may be more than the event loop shall be held for: the rest waits until what has been delivered is sent, which is
 * the end of the turn, and then for the next turn (ADR 811).
 */
export class DeliveryTurns {
  readonly #clock: Clock;
  readonly #deliver: (session: Session) => void;
  #scheduled: Session[] = [];
  /** The scheduled ones wait for the next turn. */
  #isPutOff = false;

  constructor(clock: Clock, deliver: (session: Session) => void) {
    this.#clock = clock;
    this.#deliver = deliver;
  }

  schedule(session: Session): void {
    if (session.scheduled) return;
    session.scheduled = true;
    this.#scheduled.push(session);
  }

  /** Delivers to the scheduled ones: to all of them now, as far as the turn has time. */
  run(): void {
    const batch = this.#scheduled;
    if (batch.length === 0 || this.#isPutOff) return;
    this.#scheduled = [];
    if (batch.length >= MANY) {
      this.#runSome(batch);
      return;
    }
    for (const session of batch) {
      session.scheduled = false;
      this.#deliver(session);
    }
  }

  #runSome(batch: readonly Session[]): void {
    const until = this.#clock.monotonic() + DELIVERY_MS;
    const last = batch.length - 1;
    for (let at = 0; at <= last; at++) {
      const session = batch[at] as Session;
      session.scheduled = false;
      this.#deliver(session);
      if (at < last && this.#clock.monotonic() >= until) {
        this.#putOff(batch, at + 1);
        return;
      }
    }
  }

  /** Before what has been scheduled meanwhile. */
  #putOff(batch: readonly Session[], from: number): void {
    const rest = batch.slice(from);
    for (const session of this.#scheduled) rest.push(session);
    this.#scheduled = rest;
    this.#isPutOff = true;
    setImmediate(this.#goOn);
  }

  readonly #goOn = (): void => {
    this.#isPutOff = false;
    this.run();
  };
}
