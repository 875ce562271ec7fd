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
  #waiting: Flushable[] = [];
  #spare: Flushable[] = [];
  #scheduled = false;

  /** The caller makes sure that it adds itself once between two flushes. */
  add(connection: Flushable): void {
    this.#waiting.push(connection);
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(this.#flushAll);
  }

  readonly #flushAll = (): void => {
    this.#scheduled = false;
    const batch = this.#waiting;
    this.#waiting = this.#spare;
    if (batch.length > FEW) for (const connection of batch) connection.flush();
    else for (let i = batch.length - 1; i >= 0; i--) (batch[i] as Flushable).flush();
    batch.length = 0;
    this.#spare = batch;
  };
}
