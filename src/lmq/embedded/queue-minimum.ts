import type { LmqQueue } from './lmq-queue.ts';
import type { LogBounds } from './log-bounds.ts';
import type { QueueIndex } from './queue-index.ts';

/**
 * Finds where queues begin. When retention moves the start of the log, the first offset that a queue in memory
 * knows becomes a lower bound; it is looked up when somebody reads there or the sweep comes by, not for all
 * queues at once: that takes up to twenty reads each (ADR 581).
 */
export class QueueMinimum {
  readonly #index: QueueIndex;
  readonly #bounds: LogBounds;
  #moved = 0;

  constructor(index: QueueIndex, bounds: LogBounds) {
    this.#index = index;
    this.#bounds = bounds;
  }

  /** How often the first offset of a queue has moved since somebody could have been told it. */
  get moved(): number {
    return this.#moved;
  }

  /** True while `minOffset` is the first offset that can be read, and not a lower bound of it. */
  isExact(queue: LmqQueue): boolean {
    return isExactFor(queue, this.#bounds.start.block);
  }

  /** Ends when the first offset is exact as of the call. Those who ask for the same queue share one search. */
  async find(queue: LmqQueue): Promise<void> {
    const start = this.#bounds.start.block;
    // not the start as it becomes meanwhile: under load it can move faster than a search goes
    while (!isExactFor(queue, start)) {
      await (queue.findingMinimum ??= this.#find(queue).finally(() => {
        queue.findingMinimum = undefined;
      }));
    }
  }

  /** Takes over what the sweep has found: the first offset whose record is in block `start` or later. */
  note(queue: LmqQueue, minimum: number, start: number): void {
    if (queue.minBlock >= start) return;
    this.#raise(queue, minimum);
    queue.minBlock = start;
  }

  async #find(queue: LmqQueue): Promise<void> {
    const start = this.#bounds.start.block;
    const { id, minOffset, maxOffset } = queue;
    const minimum = start === 0 ? 0 : await this.#index.firstLive(id, minOffset, maxOffset, start);
    this.#raise(queue, minimum);
    queue.minBlock = start;
    queue.hasMinimum = true;
  }

  #raise(queue: LmqQueue, minimum: number): void {
    if (minimum <= queue.minOffset) return;
    queue.minOffset = minimum;
    if (queue.hasMinimum) this.#moved++;
  }
}

function isExactFor(
  { hasMinimum, minBlock, minOffset, maxOffset }: LmqQueue,
  start: number,
): boolean {
  return hasMinimum && (minBlock >= start || minOffset === maxOffset);
}
