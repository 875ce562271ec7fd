import type { Clock } from '../../common/clock.ts';
import { WaitingLine } from '../../common/waiting-line.ts';

/** How long asynchronous handlers may go on with a turn of the event loop, ms. */
const TURN_MS = 16;

/**
 * Shares turns of the event loop out among asynchronous handlers. What they await is mostly there already, and
 * then they go on in the same turn, and the next packet of the connection behind them: a few clients that send
 * SUBSCRIBE packets as fast as they can would keep all others waiting (ADR 851). So after a while those who go on
 * do that in later turns, in the order in which they came.
 */
export class HandlerTurns {
  readonly #clock: Clock;
  readonly #waiting = new WaitingLine<() => void>();
  #hasBegun = false;
  /** Of the turn, monotonic. */
  #endsAt = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Whether a handler is to wait for another turn: by `wait`. */
  get isOver(): boolean {
    return !this.#waiting.isEmpty || !this.#hasTime();
  }

  /** Calls `goOn`: now, or in a later turn when this one is over. */
  share(goOn: () => void): void {
    if (this.isOver) this.#waiting.push(goOn);
    else goOn();
  }

  /** Resolves in a later turn, in which there is time. */
  wait(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      this.#begin();
    });
  }

  #hasTime(): boolean {
    if (!this.#hasBegun) this.#begin();
    return this.#clock.monotonic() < this.#endsAt;
  }

  #begin(): void {
    if (this.#hasBegun) return;
    this.#hasBegun = true;
    this.#endsAt = this.#clock.monotonic() + TURN_MS;
    setImmediate(this.#turn);
  }

  readonly #turn = (): void => {
    this.#hasBegun = false;
    this.#callNext();
  };

  /** One after the other, each with what it does next, which may take a while. */
  readonly #callNext = (): void => {
    if (this.#waiting.isEmpty || !this.#hasTime()) return;
    const goOn = this.#waiting.shift();
    queueMicrotask(this.#callNext);
    goOn?.();
  };
}
