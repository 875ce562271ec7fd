import type { Outbox } from './outbox.ts';

/** Sends what outboxes have collected: soon, so that more that is answered by then goes into the same frame. */
export class FrameSchedule {
  #dirty: Outbox[] = [];
  #isScheduled = false;

  add(outbox: Outbox): void {
    this.#dirty.push(outbox);
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.flush();
    });
  }

  flush(): void {
    this.#isScheduled = false;
    const dirty = this.#dirty;
    if (dirty.length === 0) return;
    this.#dirty = [];
    for (const outbox of dirty) outbox.flush();
  }
}
