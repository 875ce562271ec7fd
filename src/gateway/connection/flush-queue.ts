/** Something with output to send at the end of the turn. */
export interface Flushable {
  flush(): void;
}

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
    for (const connection of batch) connection.flush();
    batch.length = 0;
    this.#spare = batch;
  };
}
