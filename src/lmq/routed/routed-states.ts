import type { Clock } from '../../common/clock.ts';
import type { Logger } from '../../common/logger.ts';
import type { Lane } from '../spi/lane.ts';
import type { LmqStore } from '../spi/lmq-store.ts';
import type { Spread } from '../spi/stores.ts';
import { type CommitNumber, StateSpace } from '../spi/types.ts';
import type { LaneMembers } from './lane-members.ts';
import type { LaneStore } from '../spi/lane-store.ts';
import type { LateLanes } from './late-lanes.ts';
import { mergedScan, type StateEntry } from './merged-scan.ts';
import { RetainedLanes } from './retained-lanes.ts';
import { RetainedWatch, type StateListener } from './retained-watch.ts';

export interface RoutedStatesOptions {
  readonly members: LaneMembers;
  readonly spread: Spread;
  /** What they have is told when they join. */
  readonly late: LateLanes;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** State records of all stores: those of a client in its home, retained messages where their topic is. */
export class RoutedStates {
  readonly #options: RoutedStatesOptions;
  readonly #members: LaneMembers;
  readonly #retained: RetainedLanes;
  readonly #watches = new Map<StateSpace, StateListener>();
  #retainedWatch: RetainedWatch | undefined;

  constructor(options: RoutedStatesOptions) {
    this.#options = options;
    this.#members = options.members;
    this.#retained = new RetainedLanes(options.members, options.spread);
  }

  put(space: StateSpace, key: string, value: Buffer): CommitNumber {
    if (space !== StateSpace.RETAINED) return this.#at(space, key).putState(space, key, value);
    this.#retainedWatch?.wrote(key);
    return this.#retained.put(key, value);
  }

  delete(space: StateSpace, key: string): CommitNumber {
    if (space !== StateSpace.RETAINED) return this.#at(space, key).deleteState(space, key);
    this.#retainedWatch?.wrote(key);
    return this.#retained.delete(key);
  }

  async get(space: StateSpace, key: string): Promise<Buffer | undefined> {
    if (space === StateSpace.RETAINED) return this.#retained.get(key);
    return this.#at(space, key).getState(space, key);
  }

  /** In key order, as one store would do it; of those that are joined. */
  scan(space: StateSpace, after?: string): AsyncIterable<StateEntry> {
    const [only, ...others] = this.#members.all;
    if (only !== undefined && others.length === 0) return only.scanState(space, after);
    this.#requireSpread(space);
    const scans = this.#joined().map(([, store]) => store.scanState(space, after));
    const scan = mergedScan(scans);
    const watch = this.#retainedWatch;
    return space === StateSpace.RETAINED && watch !== undefined ? watched(scan, watch) : scan;
  }

  /** Of all stores, those included that are added (`follow`) or join later (`join`). */
  async watch(space: StateSpace, listener: StateListener): Promise<void> {
    if (this.#members.all.length > 1) this.#requireSpread(space);
    this.#watches.set(space, listener);
    if (space === StateSpace.RETAINED) {
      const { clock, logger } = this.#options;
      this.#retainedWatch = new RetainedWatch({
        retained: this.#retained,
        listener,
        clock,
        logger,
      });
    }
    const stores = this.#joined();
    await Promise.all(stores.map(([lane, store]) => this.#watchAt(store, lane, space)));
  }

  /** Watches at a store that is to be added what is watched at the others. */
  async follow(store: LaneStore, lane: Lane): Promise<void> {
    const spaces = [...this.#watches.keys()].filter(isSpread);
    await Promise.all(spaces.map((space) => this.#watchAt(store, lane, space)));
  }

  /** Watches at a store that was away what is watched at the others, and tells all that it has. */
  async join(store: LaneStore, lane: Lane): Promise<void> {
    await this.follow(store, lane);
    for (const space of this.#watches.keys()) {
      if (!isSpread(space)) continue;
      const tell = this.#teller(lane, space);
      for await (const { key, value } of store.scanState(space)) tell(key, value);
    }
  }

  #watchAt(store: LaneStore, lane: Lane, space: StateSpace): Promise<void> {
    return store.watchState(space, this.#teller(lane, space));
  }

  #teller(lane: Lane, space: StateSpace): StateListener {
    return (key, value) => {
      if (space === StateSpace.RETAINED) this.#retainedWatch?.changed(lane, key, value);
      else this.#watches.get(space)?.(key, value);
    };
  }

  #joined(): (readonly [Lane, LaneStore])[] {
    return [...this.#members.all.entries()].filter(([lane]) => !this.#options.late.has(lane));
  }

  #at(space: StateSpace, key: string): LmqStore {
    if (space === StateSpace.SESSION || space === StateSpace.WILL) {
      return this.#members.of(this.#options.spread.homeOf(key));
    }
    return this.#members.only(`state space ${String(space)}`);
  }

  #requireSpread(space: StateSpace): void {
    if (!isSpread(space)) this.#members.only(`state space ${String(space)}`);
  }
}

/** Whether its entries lie in the stores by their keys. */
function isSpread(space: StateSpace): boolean {
  return space === StateSpace.SESSION || space === StateSpace.WILL || space === StateSpace.RETAINED;
}

async function* watched(
  scan: AsyncIterable<StateEntry>,
  watch: RetainedWatch,
): AsyncGenerator<StateEntry> {
  watch.beginScan();
  try {
    yield* scan;
  } finally {
    watch.endScan();
  }
}
