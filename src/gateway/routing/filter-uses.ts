import type { Lane } from '../../lmq/spi/lane.ts';
import type { Queue } from '../../lmq/spi/types.ts';
import type { EventInterest } from './event-interest.ts';
import type { FilterLanes } from './filter-lanes.ts';

/** Counts the uses of filters with wildcards. */
export interface UseCount {
  use(filter: string): void;
  unuse(filter: string): void;
}

/** The filters that are subscribed: a use for each lane that a filter is acquired in. */
export class FilterUses {
  readonly #lanes: FilterLanes;
  readonly #interest: EventInterest;
  readonly #countOf: (filter: string) => UseCount | undefined;

  /** @param countOf who counts the uses of a filter; undefined for one without wildcards */
  constructor(
    lanes: FilterLanes,
    interest: EventInterest,
    countOf: (filter: string) => UseCount | undefined,
  ) {
    this.#lanes = lanes;
    this.#interest = interest;
    this.#countOf = countOf;
  }

  acquire(filter: string, durable: boolean): Promise<readonly Queue[]> {
    return this.#acquire(filter, () => this.#lanes.acquire(filter, durable));
  }

  async acquireAt(filter: string, durable: boolean, lane: Lane): Promise<Queue> {
    const [queue] = await this.#acquire(filter, async () => [
      await this.#lanes.acquireAt(filter, durable, lane),
    ]);
    return queue as Queue;
  }

  release(filter: string, durable: boolean): void {
    for (const lane of this.#lanes.of(filter)) this.releaseAt(filter, durable, lane);
  }

  releaseAt(filter: string, durable: boolean, lane: Lane): void {
    this.#lanes.releaseAt(filter, durable, lane);
    this.#countOf(filter)?.unuse(filter);
  }

  async #acquire(
    filter: string,
    acquire: () => Promise<readonly Queue[]>,
  ): Promise<readonly Queue[]> {
    const count = this.#countOf(filter);
    count?.use(filter);
    const wanted = this.#interest.want(filter);
    try {
      const queues = await acquire();
      for (let more = 1; more < queues.length; more++) count?.use(filter);
      if (wanted !== undefined) await wanted;
      return queues;
    } catch (error) {
      count?.unuse(filter);
      throw error;
    }
  }
}
