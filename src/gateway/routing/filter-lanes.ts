import type { FilterTable } from '../../lmq/spi/lmq-store.ts';
import type { Lane } from '../../lmq/spi/lane.ts';
import type { Stores } from '../../lmq/spi/stores.ts';
import type { Queue } from '../../lmq/spi/types.ts';
import { acquireInLanes } from './lane-parts.ts';

const ONLY_LANE: readonly Lane[] = [0];

/** The filter tables of the stores: a filter is registered in each lane that it may lie in. */
export class FilterLanes {
  readonly #filters: FilterTable;
  readonly #stores: Stores | undefined;

  /** @param stores undefined: `filters` is the only one */
  constructor(filters: FilterTable, stores: Stores | undefined) {
    this.#filters = filters;
    this.#stores = stores;
  }

  /** Where the filter may lie now; the oldest lane first. */
  of(filter: string): readonly Lane[] {
    return this.#stores?.spread.lanesOfFilter(filter) ?? ONLY_LANE;
  }

  /**
   * A queue for each lane of the filter, in their order; every append to any of them that comes after the
   * call reaches its queue. All of them or none: it rejects when one cannot be opened.
   */
  acquire(filter: string, durable: boolean): Promise<readonly Queue[]> {
    return acquireInLanes(
      () => this.of(filter),
      (lane) => this.acquireAt(filter, durable, lane),
      (queue, lane) => {
        this.#stores?.member(lane).closeQueue(queue);
        this.releaseAt(filter, durable, lane);
      },
    );
  }

  acquireAt(filter: string, durable: boolean, lane: Lane): Promise<Queue> {
    return this.#at(lane).acquireFilter(filter, durable);
  }

  releaseAt(filter: string, durable: boolean, lane: Lane): void {
    this.#at(lane).releaseFilter(filter, durable);
  }

  /** Pins those of the filters that may lie in a lane which has been added. */
  pinIn(lane: Lane, filters: Iterable<string>): void {
    const table = this.#at(lane);
    for (const filter of filters) if (this.of(filter).includes(lane)) table.pinFilter(filter);
  }

  #at(lane: Lane): FilterTable {
    return this.#stores === undefined ? this.#filters : this.#stores.member(lane);
  }
}
