import type { Lane } from '../spi/lane.ts';
import type { LaneStore } from '../spi/lane-store.ts';

/** The stores of a cluster by their lanes. */
export class LaneMembers {
  readonly #stores: LaneStore[] = [];
  readonly #followers: ((store: LaneStore, lane: Lane) => void)[] = [];

  get all(): readonly LaneStore[] {
    return this.#stores;
  }

  /** @throws RangeError when there is no such lane */
  of(lane: Lane): LaneStore {
    const store = this.#stores[lane];
    if (store === undefined) throw new RangeError(`no such lane: ${String(lane)}`);
    return store;
  }

  /**
   * The store when it is alone.
   * @throws TypeError when there are several, and which one is meant cannot be told from the call
   */
  only(what: string): LaneStore {
    const [store] = this.#stores;
    if (store !== undefined && this.#stores.length === 1) return store;
    throw new TypeError(`${what}: one of several stores has to be asked`);
  }

  /** Gives the next lane to a store. */
  add(store: LaneStore): void {
    const lane = this.#stores.push(store) - 1;
    for (const follow of this.#followers) follow(store, lane);
  }

  /** Calls it for each store, those included that are added later. */
  each(follow: (store: LaneStore, lane: Lane) => void): void {
    this.#followers.push(follow);
    for (const [lane, store] of this.#stores.entries()) follow(store, lane);
  }
}
