import { type Clock, systemClock } from '../../common/clock.ts';

/** Something with output to send at the end of the turn. */
export interface Flushable {
  /** Returns how many bytes that were. */
  flush(): number;
  /** Bytes that it has to send. */
  readonly outputBytes: number;
}

/**
 * Up to so many connections the last one added comes first: subscribers are added after the publishers, who wait
 * for a commit from its beginning, and a message shall not wait for the acknowledgement's system call. Of many, the
 * publishers come first, so that they send while the rest is written.
 */
const FEW = 8;
/** Time that sending takes of one turn, ms: a message is many times as large when each of its subscribers is sent it. */
export const SEND_MS: number = 10;
/** Bytes between two looks at the clock: what acknowledgements take in one turn is far less (f1, ADR 811). */
const LOOK_BYTES = 256 * 1024;
/** Output that is not put off: those who are sent little at a time do not wait for those who are sent much (ADR 911). */
const LITTLE_BYTES = 4 * 1024;

/**
 * Sends the output of a turn of the event loop at its end: one write per connection and turn, however
 * many packets and publishers contributed. What that turn has no time for goes out in the next one (ADR 811).
 */
export class FlushQueue {
  /** The first `#count` of them: a list that is emptied would lose its memory each time. */
  #waiting: (Flushable | undefined)[] = [];
  #count = 0;
  #spare: (Flushable | undefined)[] = [];
  #scheduled = false;
  readonly #clock: Clock;

  constructor(clock: Clock = systemClock) {
    this.#clock = clock;
  }

  /** The caller makes sure that it adds itself once between two flushes. */
  add(connection: Flushable): void {
    this.#waiting[this.#count++] = connection;
    this.#schedule();
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(this.#flushAll);
  }

  readonly #flushAll = (): void => {
    this.#scheduled = false;
    const batch = this.#waiting;
    const count = this.#count;
    this.#waiting = this.#spare;
    this.#spare = batch;
    this.#count = 0;
    if (count > FEW) {
      this.#flushMany(batch, count);
      return;
    }
    for (let at = count - 1; at >= 0; at--) {
      (batch[at] as Flushable).flush();
      batch[at] = undefined;
    }
  };

  #flushMany(batch: (Flushable | undefined)[], count: number): void {
    const until = this.#clock.monotonic() + SEND_MS;
    let bytes = 0;
    for (let at = 0; at < count; at++) {
      bytes += (batch[at] as Flushable).flush();
      batch[at] = undefined;
      if (bytes < LOOK_BYTES) continue;
      bytes = 0;
      if (this.#clock.monotonic() < until) continue;
      this.#putOff(batch, at + 1, count);
      return;
    }
  }

  /** Leaves the rest of a batch, but for those with little, to the next turn, before what has been added meanwhile. */
  #putOff(batch: (Flushable | undefined)[], from: number, end: number): void {
    let count = 0;
    for (let at = from; at < end; at++) {
      const connection = batch[at] as Flushable;
      batch[at] = undefined;
      if (connection.outputBytes <= LITTLE_BYTES) connection.flush();
      else batch[count++] = connection;
    }
    const added = this.#waiting;
    for (let at = 0; at < this.#count; at++) {
      batch[count++] = added[at];
      added[at] = undefined;
    }
    this.#waiting = batch;
    this.#spare = added;
    this.#count = count;
    if (count > 0) this.#schedule();
  }
}
