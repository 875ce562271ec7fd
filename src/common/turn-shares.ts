/** Shares of a turn of the event loop among those who could do all their work in one: the others wait for a later one. */
export class TurnShares {
  readonly #most: number;
  #taken = 0;
  #next: Promise<void> | undefined;

  /** @param most units of work in one turn; the last one who takes some may go over it */
  constructor(most: number) {
    this.#most = most;
  }

  /** Resolves in a turn that has room, those who asked first before the others. */
  async take(units: number): Promise<void> {
    while (this.#taken >= this.#most) await this.#next;
    this.#taken += units;
    this.#next ??= new Promise((resolve) => {
      setImmediate(() => {
        this.#taken = 0;
        this.#next = undefined;
        resolve();
      });
    });
  }
}
