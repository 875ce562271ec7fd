import { setImmediate } from 'node:timers/promises';
import { expect } from 'chai';
import type { Clock, Timer } from '../../../src/common/clock.ts';
import { NOT_IN_WHEEL } from '../../../src/common/timer-wheel.ts';
import type { WheelItem } from '../../../src/common/timer-wheel.ts';

/** A clock whose interval timers run when the test moves it on. */
export class ManualClock implements Clock {
  readonly timers: Set<() => void> = new Set();
  timersStarted = 0;
  ms: number;

  constructor(ms = 5_000_300) {
    this.ms = ms;
  }

  now(): number {
    return this.ms;
  }

  monotonic(): number {
    return this.ms;
  }

  every(intervalMs: number, callback: () => void): Timer {
    expect(intervalMs).to.equal(1000);
    this.timersStarted++;
    this.timers.add(callback);
    return { cancel: () => this.timers.delete(callback) };
  }

  after(): Timer {
    return expect.fail('the wheel needs one interval timer');
  }

  /** Lets `seconds` pass with a timer call after each. */
  run(seconds: number): void {
    for (let i = 0; i < seconds; i++) this.#advance(1);
  }

  /** Lets `seconds` pass with one timer call at the end, as when the process was held up. */
  async stall(seconds: number): Promise<void> {
    this.#advance(seconds);
    await setImmediate();
  }

  #advance(seconds: number): void {
    this.ms += seconds * 1000;
    for (const timer of [...this.timers]) timer();
  }
}

export class Item implements WheelItem {
  wheelNext: WheelItem | undefined = undefined;
  wheelPrev: WheelItem | undefined = undefined;
  wheelSlot: number = NOT_IN_WHEEL;
  readonly calls: number[] = [];
  readonly onCall: (now: number) => number;

  constructor(onCall: (now: number) => number = () => 0) {
    this.onCall = onCall;
  }

  onDeadline(nowSeconds: number): number {
    this.calls.push(nowSeconds);
    return this.onCall(nowSeconds);
  }
}

export const START = 5000;
