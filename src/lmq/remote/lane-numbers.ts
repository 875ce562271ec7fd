import { commitBase, MAX_LANES, type Lane } from '../spi/lane.ts';
import type { CommitNumber } from '../spi/types.ts';

/**
 * Numbers of the store as this process counts them: those of several stores must not meet. A store that
 * is alone keeps its own.
 */
export class LaneNumbers {
  readonly lane: Lane;
  /** What the commits are counted from. */
  readonly base: CommitNumber;
  readonly #stride: number;

  constructor(lane: Lane | undefined) {
    if (lane !== undefined && !(Number.isInteger(lane) && lane >= 0 && lane < MAX_LANES)) {
      throw new RangeError(`no such lane: ${String(lane)}`);
    }
    this.lane = lane ?? 0;
    this.base = commitBase(this.lane);
    this.#stride = lane === undefined ? 1 : MAX_LANES;
  }

  /** @param id of a queue at the store */
  queueId(id: number): number {
    return id * this.#stride + (this.#stride > 1 ? this.lane : 0);
  }

  /** Id of the queue at the store. */
  wireQueue(id: number): number {
    return this.#stride > 1 ? (id - this.lane) / this.#stride : id;
  }

  /** @param sequence of a batch */
  commitOf(sequence: number): CommitNumber {
    return this.base + sequence;
  }

  sequenceOf(commit: CommitNumber): number {
    return commit - this.base;
  }
}
