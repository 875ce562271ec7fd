import type { Clock } from '../../common/clock.ts';
import type { TimerWheel } from '../../common/timer-wheel.ts';
import type { GatewayStats } from '../gateway-stats.ts';
import { DelayedWill } from './delayed-will.ts';

/** Wills that wait for their delay; one more is published without waiting. */
const MAX_DELAYED = 100_000;

export interface DelayedWillsParts {
  readonly wheel: TimerWheel;
  readonly stats: GatewayStats;
  readonly clock: Clock;
  /** The delay is over, and the will is not among these any more. */
  readonly onDue: (clientId: string) => void;
}

/** The wills of this gateway that wait for the end of their delay, one per client at most. */
export class DelayedWills {
  readonly #parts: DelayedWillsParts;
  readonly #byClient = new Map<string, DelayedWill>();

  constructor(parts: DelayedWillsParts) {
    this.#parts = parts;
  }

  /** No more may wait. */
  get isFull(): boolean {
    return this.#byClient.size >= MAX_DELAYED;
  }

  has(clientId: string): boolean {
    return this.#byClient.has(clientId);
  }

  /** Whether its delay is over, though the wheel has not come to it. */
  isOver(clientId: string): boolean {
    const delayed = this.#byClient.get(clientId);
    return delayed !== undefined && (delayed.isOverdue || delayed.secondsLeft <= 0);
  }

  /**
   * @param dueAt wall clock, ms
   * @param isOverdue the delay is over: it is tried again at `dueAt`
   */
  add(clientId: string, dueAt: number, isOverdue = false): void {
    const { wheel, clock, onDue } = this.#parts;
    const delayed = new DelayedWill(clientId, dueAt, clock, (item) => {
      if (this.#byClient.get(clientId) !== item) return;
      this.delete(clientId);
      onDue(clientId);
    });
    delayed.isOverdue = isOverdue;
    this.#byClient.set(clientId, delayed);
    this.#count();
    // The wheel may be up to a second early.
    wheel.add(delayed, delayed.secondsLeft + 1);
  }

  /** Returns whether it was waiting. */
  delete(clientId: string): boolean {
    const delayed = this.#byClient.get(clientId);
    if (delayed === undefined) return false;
    this.#parts.wheel.remove(delayed);
    this.#byClient.delete(clientId);
    this.#count();
    return true;
  }

  /** Nothing waits in this process any more; what is stored stays so. */
  stop(): void {
    for (const delayed of this.#byClient.values()) this.#parts.wheel.remove(delayed);
    this.#byClient.clear();
  }

  #count(): void {
    this.#parts.stats.willsDelayed = this.#byClient.size;
  }
}
