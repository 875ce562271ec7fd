import type { LmqStore } from '../spi/lmq-store.ts';
import type { Spread } from '../spi/stores.ts';
import type { CommitNumber, Queue } from '../spi/types.ts';
import type { LaneMembers } from './lane-members.ts';
import { type ListedFilter, mergedFilters } from './merged-filters.ts';

/** Registered filters of several stores: each is in the lanes of what it can match. */
export class RoutedFilters {
  readonly #members: LaneMembers;
  readonly #spread: Spread;

  constructor(members: LaneMembers, spread: Spread) {
    this.#members = members;
    this.#spread = spread;
  }

  /** @throws TypeError (rejection) when it is in several lanes: each has a queue for it */
  async acquire(filter: string, durable: boolean): Promise<Queue> {
    return this.#only(filter).acquireFilter(filter, durable);
  }

  /** @throws TypeError as `acquire` */
  release(filter: string, durable: boolean): CommitNumber {
    return this.#only(filter).releaseFilter(filter, durable);
  }

  /** In all its lanes; the commit is that of the oldest. */
  pin(filter: string): CommitNumber {
    return this.#inAll(filter, (store) => store.pinFilter(filter));
  }

  /** As `pin`. */
  unpin(filter: string): CommitNumber {
    return this.#inAll(filter, (store) => store.unpinFilter(filter));
  }

  list(): readonly ListedFilter[] {
    return mergedFilters(this.#members.all.map((store) => store.listFilters()));
  }

  #only(filter: string): LmqStore {
    const [lane = 0, ...others] = this.#spread.lanesOfFilter(filter);
    return others.length === 0 ? this.#members.of(lane) : this.#members.only(`filter ${filter}`);
  }

  #inAll(filter: string, write: (store: LmqStore) => CommitNumber): CommitNumber {
    const commits = this.#spread.lanesOfFilter(filter).map((lane) => write(this.#members.of(lane)));
    return commits[0] ?? this.#members.of(0).openCommit;
  }
}
