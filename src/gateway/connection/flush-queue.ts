/** Something with output to send at the end of the turn. */
export interface Flushable {
  flush(): void;
}

/**
 * Up to so many connections the last one added comes first: subscribers are added after the publishers, who wait
 * for a commit from its beginning, and a message shall not wait for the acknowledgement's system call. Of many, the
 * publishers come first, so that they send while the rest is written.
 */
const FEW = 8;

/**
 * Sends the output of a turn of the event loop at its end: one write per connection and turn, however
 * many packets and publishers contributed.
 */
export class FlushQueue {
  /** The first `#count` of them: a list that is emptied would lose its memory each time. */
  #waiting: (Flushable | undefined)[] = [];
  #count = 0;
  #spare: (Flushable | undefined)[] = [];
  #scheduled = false;

  /** The caller makes sure that it adds itself once between two flushes. */
  add(connection: Flushable): void {
    this.#waiting[this.#count++] = connection;
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(this.#flushAll);
  }

  readonly #flushAll = (): void => {
    this.#scheduled = false;
    const batch = this.#waiting;
    const count = this.#count;
    this.#waiting = this.#spare;
    this.#count = 0;
    const isMany = count > FEW;
    for (let i = 0; i < count; i++) {
      const at = isMany ? i : count - 1 - i;
      (batch[at] as Flushable).flush();
      batch[at] = undefined;
    }
    this.#spare = batch;
  };
}
