import type { Cluster } from '../../../../src/lmq/spi/cluster.ts';
import { type Lane, laneOfCommit } from '../../../../src/lmq/spi/lane.ts';
import type { LmqStore } from '../../../../src/lmq/spi/lmq-store.ts';
import { p2pClientId } from '../../../../src/common/topic/p2p-topic.ts';
import { isWildcardFilter } from '../../../../src/common/topic/topic-filter.ts';
import { peerOfQueue } from '../../../../src/lmq/spi/queue-name.ts';
import type { Spread, Stores } from '../../../../src/lmq/spi/stores.ts';
import type { LaneMember } from './lane-member.ts';

/** Which lane a name asks for: that of its last character if it is a digit, else 0. */
function laneIn(name: string): Lane {
  const digit = Number(name.at(-1));
  return Number.isInteger(digit) ? digit : 0;
}

/**
 * Several stores as one: topics and client ids say by a digit at their end where they lie. `founders` are
 * those of the first generation; those behind are added, and take over the topics that ask for them.
 */
export class LaneStores implements Stores {
  readonly members: readonly LaneMember[];
  readonly store: LmqStore;
  readonly spread: Spread;
  readonly #founders: number;
  /** Lanes that are prepared, and those that topics lie in. */
  #prepared: number;
  #inForce: number;
  /** Of a store that is being prepared. */
  preparing: Promise<void> = Promise.resolve();
  /** False: another gateway sends to the older stores still. */
  isSwitched = true;
  #onLaneAdded: (lane: Lane) => Promise<void> = () => Promise.resolve();
  #onSpreadChanged: () => void = () => undefined;

  constructor(members: readonly LaneMember[], founders: number = members.length) {
    this.members = members;
    this.#founders = founders;
    this.#prepared = founders;
    this.#inForce = founders;
    this.spread = this.#makeSpread();
    this.store = facade(this);
  }

  member(lane: Lane): LaneMember {
    const member = this.members[lane];
    if (member === undefined || lane >= this.#prepared) throw new RangeError(`no lane ${lane}`);
    return member;
  }

  clusterOf(): Cluster | undefined {
    return undefined;
  }

  onLaneAdded(prepare: (lane: Lane) => Promise<void>): void {
    this.#onLaneAdded = prepare;
  }

  isJoined(): boolean {
    return true;
  }

  whenJoined(): undefined {
    return undefined;
  }

  onLaneJoined(): void {
    // All are there from the start.
  }

  haveAllSwitched(): boolean {
    return this.isSwitched;
  }

  onSpreadChanged(listener: () => void): void {
    this.#onSpreadChanged = listener;
  }

  get isGrowing(): boolean {
    return this.#inForce < this.#prepared;
  }

  get canGrow(): boolean {
    return this.#prepared < this.members.length;
  }

  prepare(): Promise<void> {
    const lane = this.#prepared++;
    this.preparing = this.#onLaneAdded(lane);
    return this.preparing;
  }

  /** As another gateway, which has died, has left it: to be prepared again when it is not in force yet. */
  takeOver({ prepared, inForce }: LaneStores): this {
    this.#prepared = prepared;
    this.#inForce = inForce;
    return this;
  }

  get prepared(): number {
    return this.#prepared;
  }

  get inForce(): number {
    return this.#inForce;
  }

  activate(): void {
    this.#inForce = this.#prepared;
    this.#onSpreadChanged();
  }

  /** As it is when a gateway starts after that. */
  grown(): this {
    this.#prepared = this.members.length;
    this.#inForce = this.members.length;
    return this;
  }

  #makeSpread(): Spread {
    const laneBelow = (name: string, count: number): Lane =>
      laneIn(name) < count ? laneIn(name) : 0;
    const lanesOfFilter = (filter: string): readonly Lane[] => {
      const all = Array.from({ length: this.#prepared }, (_, lane) => lane);
      if (isWildcardFilter(filter)) return all;
      const lanes = all
        .slice(this.#founders - 1)
        .map((_, added) => laneBelow(filter, this.#founders + added));
      return [...new Set(lanes)].sort((a, b) => a - b);
    };
    const prepared = (): number => this.#prepared;
    return {
      get lanes() {
        return prepared();
      },
      laneOfTopic: (topic) => laneBelow(topic, this.#inForce),
      lanesOfFilter,
      homeOf: (clientId) => laneBelow(clientId, this.#founders),
      eldersOf: (lane) => (lane < this.#founders ? 0 : lane),
      isInForce: (lane) => lane < this.#inForce,
    };
  }
}

/** What the gateway uses as its store. */
function facade(stores: LaneStores): LmqStore {
  const { spread } = stores;
  const home = (key: string): LaneMember => stores.member(spread.homeOf(key));
  const own: Partial<LmqStore> = {
    topic(name) {
      const peer = p2pClientId(name);
      return (peer === undefined ? stores.member(spread.laneOfTopic(name)) : home(peer)).topic(
        name,
      );
    },
    directTopic: (name, queue) => stores.member(queue.lane).directTopic(name, queue),
    append: (topic, ...rest) => stores.member(topic.lane).append(topic, ...rest),
    onCommit(listener) {
      for (const member of stores.members) member.onCommit(listener);
    },
    onArrival(listener) {
      for (const member of stores.members) member.onArrival(listener);
    },
    onWritable(listener) {
      for (const member of stores.members) member.onWritable(listener);
    },
    committed: (commit) => stores.member(laneOfCommit(commit)).committed(commit),
    openQueue(name) {
      const peer = peerOfQueue(name);
      if (peer === undefined) throw new TypeError('a queue of which lane?');
      return home(peer).openQueue(name);
    },
    closeQueue: (queue) => {
      stores.member(queue.lane).closeQueue(queue);
    },
    tail: (queue, offset) => stores.member(queue.lane).tail(queue, offset),
    pull: (queue, ...rest) => stores.member(queue.lane).pull(queue, ...rest),
    commitOffset: (consumer, queue, offset) =>
      stores.member(queue.lane).commitOffset(consumer, queue, offset),
    loadOffset: (consumer, queue) => stores.member(queue.lane).loadOffset(consumer, queue),
    deleteOffset: (consumer, queue) => stores.member(queue.lane).deleteOffset(consumer, queue),
    putState: (space, key, value) => home(key).putState(space, key, value),
    deleteState: (space, key) => home(key).deleteState(space, key),
    getState: (space, key) => home(key).getState(space, key),
    scanState: (space, after) => stores.member(0).scanState(space, after),
    listFilters: () => stores.member(0).listFilters(),
  };
  return new Proxy(own as LmqStore, {
    get(target, property): unknown {
      if (property === 'writable') return stores.members.every(({ writable }) => writable);
      if (property === 'openCommit') return stores.member(0).openCommit;
      // As `RoutedStore`: each message goes to its store by itself.
      if (property === 'appendRun') return undefined;
      if (property in target) return Reflect.get(target, property);
      throw new TypeError(`not with several stores: ${String(property)}`);
    },
  });
}
