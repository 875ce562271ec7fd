import type { Cluster } from './cluster.ts';
import type { Lane } from './lane.ts';
import type { LmqStore } from './lmq-store.ts';

/**
 * Where things lie in a cluster of several stores (docs/adr/0501). Pure: every gateway with the same table says
 * the same. Lanes are in the order in which the stores came.
 */
export interface Spread {
  /** Stores there are, those that are being added included. */
  readonly lanes: number;
  /** Where a message published now goes to; a P2P topic: the home of its client. */
  laneOfTopic(topic: string): Lane;
  /**
   * Where there may be messages that match a filter, now or after a change that is under way; the oldest lane
   * first, no lane twice, at least one.
   */
  lanesOfFilter(filter: string): readonly Lane[];
  /** Where a session is kept: never changes for a client id. */
  homeOf(clientId: string): Lane;
  /** How many lanes are of an older generation: they are the first ones, and topics may have moved from them to this one. */
  eldersOf(lane: Lane): number;
  /** Whether `laneOfTopic` may name it: false while it is being added. */
  isInForce(lane: Lane): boolean;
}

/** The stores of a cluster one by one, and the order to them. A store that is alone is one lane. */
export interface Stores {
  readonly spread: Spread;
  /** The store of a lane, for what lies beside its queues; commits of it carry its lane. */
  member(lane: Lane): LmqStore;
  /** The same store as other gateways share it; undefined when there are no others. */
  clusterOf(lane: Lane): Cluster | undefined;
  /**
   * A store is being added: `prepare` makes everything that is subscribed be heard from there too, before a
   * message can go there. One listener.
   */
  onLaneAdded(prepare: (lane: Lane) => Promise<void>): void;
  /**
   * False until a store that could not be reached when the gateway started has been taken in: what it has of
   * groups and retained messages is not known here (docs/adr/0631).
   */
  isJoined(lane: Lane): boolean;
  /** Undefined when all stores that a filter may lie in are joined; else resolves when they are. */
  whenJoined(filter: string): Promise<void> | undefined;
  /**
   * A store that was away at the start is there: `take` reads what has to be known of it, and may be called again
   * when it has failed. None is joined before there is a listener. One listener.
   */
  onLaneJoined(take: (lane: Lane) => Promise<void>): void;
  /**
   * Whether every gateway sends the messages of the lane's topics to it, and none to an older store. Undefined while the
   * older stores have not said so: ask again after their next answer.
   */
  haveAllSwitched(lane: Lane): boolean | undefined;
  /** `laneOfTopic` has changed: handles of topics are to be asked for again. One listener. */
  onSpreadChanged(listener: () => void): void;
}

const ONE_LANE: readonly Lane[] = [0];

/** Of a store that is alone. */
export const ONE_STORE_SPREAD: Spread = {
  lanes: 1,
  laneOfTopic: () => 0,
  lanesOfFilter: () => ONE_LANE,
  homeOf: () => 0,
  eldersOf: () => 0,
  isInForce: () => true,
};

/** A store that is alone, as one of one. */
export function onlyStore(store: LmqStore, cluster?: Cluster): Stores {
  return {
    spread: ONE_STORE_SPREAD,
    member: () => store,
    clusterOf: () => cluster,
    onLaneAdded: () => undefined,
    isJoined: () => true,
    whenJoined: () => undefined,
    onLaneJoined: () => undefined,
    haveAllSwitched: () => true,
    onSpreadChanged: () => undefined,
  };
}
