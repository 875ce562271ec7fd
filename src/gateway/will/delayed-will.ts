import type { Clock } from '../../common/clock.ts';
import { NOT_IN_WHEEL, type WheelItem } from '../../common/timer-wheel.ts';

/** A will that waits in the store for the end of its delay; the message is not in memory. */
export class DelayedWill implements WheelItem {
  wheelNext: WheelItem | undefined = undefined;
  wheelPrev: WheelItem | undefined = undefined;
  wheelSlot: number = NOT_IN_WHEEL;
  readonly clientId: string;
  /** Its delay is over. */
  isOverdue = false;
  readonly #dueAt: number;
  readonly #clock: Clock;
  readonly #onDue: (will: DelayedWill) => void;

  /** @param dueAt wall clock, ms */
  constructor(clientId: string, dueAt: number, clock: Clock, onDue: (will: DelayedWill) => void) {
    this.clientId = clientId;
    this.#dueAt = dueAt;
    this.#clock = clock;
    this.#onDue = onDue;
  }

  /** Seconds until it is due, or less. */
  get secondsLeft(): number {
    return (this.#dueAt - this.#clock.now()) / 1000;
  }

  onDeadline(): number {
    const left = this.secondsLeft;
    if (left <= 0) this.#onDue(this);
    return Math.ceil(left);
  }
}
