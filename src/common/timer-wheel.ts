import type { Clock, Timer } from './clock.ts';

/**
 * What a {@link TimerWheel} watches. The three `wheel…` fields are the wheel's own, start as given here
 * and cost 24 bytes: `wheelNext = undefined`, `wheelPrev = undefined`, `wheelSlot = NOT_IN_WHEEL`.
 */
export interface WheelItem {
  wheelNext: WheelItem | undefined;
  wheelPrev: WheelItem | undefined;
  wheelSlot: number;
  /**
   * Asks the item whether its time is over: early after a long wait, late by up to one tick. Must not
   * throw; may add and remove any item.
   * @param nowSeconds the wheel's `nowSeconds`
   * @returns seconds until the next check; 0 or less takes the item off the wheel
   */
  onDeadline(nowSeconds: number): number;
}

/** `wheelSlot` of an item that is on no wheel. */
export const NOT_IN_WHEEL = -1;

const TICK_MS = 1000;
/** Longest wait in seconds; whoever waits longer is asked in between and asks for the rest. */
const SLOTS = 1024;
/** The list of items whose time has come and that are not called yet. */
const DUE = SLOTS;

/**
 * One timer for any number of deadlines of whole seconds: a ring of linked lists, one a second. Deadlines
 * are lazy: traffic only stamps its item (`lastActivity = wheel.nowSeconds`), and `onDeadline` compares
 * and returns what is left. Times are those of the last tick, so a wait may be up to one second short:
 * a limit that must not be cut short needs one second on top. The timer runs while there are items.
 */
export class TimerWheel {
  readonly #clock: Clock;
  readonly #heads: (WheelItem | undefined)[] = new Array<WheelItem | undefined>(SLOTS + 1).fill(
    undefined,
  );
  #timer: Timer | undefined;
  #now: number;
  #size = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#now = this.#readClock();
  }

  /** Number of items on the wheel. */
  get size(): number {
    return this.#size;
  }

  /** Monotonic time of the last tick, whole seconds; current while the wheel has items. */
  get nowSeconds(): number {
    return this.#now;
  }

  /** Checks `item` at the tick in `seconds`, rounded up, one at least. An item on the wheel is moved. */
  add(item: WheelItem, seconds: number): void {
    if (this.#timer === undefined) {
      this.#now = this.#readClock();
      this.#timer = this.#clock.every(TICK_MS, () => {
        this.#tick();
      });
    }
    if (item.wheelSlot === NOT_IN_WHEEL) this.#size++;
    else this.#unlink(item);
    const ticks = Math.min(Math.max(Math.ceil(seconds), 1), SLOTS - 1);
    this.#link(item, (this.#now + ticks) % SLOTS);
  }

  /** Takes `item` off; nothing happens when it is not on the wheel. */
  remove(item: WheelItem): void {
    if (item.wheelSlot === NOT_IN_WHEEL) return;
    this.#unlink(item);
    this.#size--;
    this.#stopIfEmpty();
  }

  #readClock(): number {
    return Math.floor(this.#clock.monotonic() / TICK_MS);
  }

  #stopIfEmpty(): void {
    if (this.#size > 0) return;
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #tick(): void {
    const last = this.#now;
    const now = this.#readClock();
    this.#now = now;
    // A stalled process may have missed ticks; more than one turn of the wheel brings nothing new.
    for (let tick = Math.max(last + 1, now - SLOTS + 1); tick <= now; tick++) {
      this.#makeDue(tick % SLOTS);
    }
    if (now - last <= 1) this.#callDue();
    else {
      // The process was held up: what came in meanwhile is read, and stamped, before anyone is asked.
      setImmediate(() => {
        this.#callDue();
      });
    }
  }

  #callDue(): void {
    for (let item = this.#heads[DUE]; item !== undefined; item = this.#heads[DUE]) {
      this.#unlink(item);
      this.#size--;
      const seconds = item.onDeadline(this.#now);
      // Whoever was added again within its call has its new time already.
      if (seconds > 0 && item.wheelSlot === NOT_IN_WHEEL) this.add(item, seconds);
    }
    this.#stopIfEmpty();
  }

  #makeDue(slot: number): void {
    for (let item = this.#heads[slot]; item !== undefined; item = this.#heads[slot]) {
      this.#unlink(item);
      this.#link(item, DUE);
    }
  }

  #link(item: WheelItem, slot: number): void {
    const head = this.#heads[slot];
    item.wheelSlot = slot;
    item.wheelPrev = undefined;
    item.wheelNext = head;
    if (head !== undefined) head.wheelPrev = item;
    this.#heads[slot] = item;
  }

  #unlink(item: WheelItem): void {
    if (item.wheelPrev === undefined) this.#heads[item.wheelSlot] = item.wheelNext;
    else item.wheelPrev.wheelNext = item.wheelNext;
    if (item.wheelNext !== undefined) item.wheelNext.wheelPrev = item.wheelPrev;
    item.wheelNext = undefined;
    item.wheelPrev = undefined;
    item.wheelSlot = NOT_IN_WHEEL;
  }
}
