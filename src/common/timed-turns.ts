import type { Clock } from './clock.ts';
import { WaitingLine } from './waiting-line.ts';

/**
 * Shares turns of the event loop out by time among those who may have much to do at once. When they have had their time
 * in a turn, the others go on in later ones, in the order in which they came (ADR 931). What is behind a promise is not
 * counted: `HandlerTurns` is for that.
 */
export class TimedTurns {
  readonly #clock: Clock;
  readonly #turnMs: number;
  readonly #waiting = new WaitingLine<() => void>();
  #isServing = false;
  #hasBegun = false;
  /** Of the turn, monotonic. */
  #endsAt = 0;

  /** @param turnMs time of all together in one turn */
  constructor(clock: Clock, turnMs: number) {
    this.#clock = clock;
    this.#turnMs = turnMs;
  }

  /** Whether who comes now is to wait for a later turn: because the time is over, or behind others who wait. */
  get isOver(): boolean {
    return (!this.#waiting.isEmpty && !this.#isServing) || !this.#hasTime();
  }

  /** Calls `goOn`: now, or in a later turn. What it puts into `process.nextTick` counts with it. */
  share(goOn: () => void): void {
    if (this.isOver) this.#waiting.push(goOn);
    else goOn();
  }

  #hasTime(): boolean {
    const now = this.#clock.monotonic();
    if (!this.#hasBegun) {
      this.#hasBegun = true;
      this.#endsAt = now + this.#turnMs;
      setImmediate(this.#turn);
    }
    return now < this.#endsAt;
  }

  readonly #turn = (): void => {
    this.#hasBegun = false;
    this.#callNext();
  };

  readonly #callNext = (): void => {
    if (this.#waiting.isEmpty || !this.#hasTime()) return;
    this.#isServing = true;
    try {
      this.#waiting.shift()?.();
    } finally {
      this.#isServing = false;
      // eslint-disable-next-line no-restricted-globals -- nothing of the process: behind what goOn has put there
      process.nextTick(this.#callNext);
    }
  };
}
