import type { Cluster } from './cluster.ts';
import type { Lane } from './lane.ts';
import type { LmqStore } from './lmq-store.ts';

/** One of several stores: queues, topics and commits of it carry its lane. */
export interface LaneStore extends LmqStore, Cluster {
  /** False while a record that this node has appended is neither durable nor has failed. */
  readonly isSettled: boolean;
  /** There is a connection to it, and it has taken this node in. */
  readonly isAttached: boolean;
  /** The oldest generation by which a node's messages come to it; undefined while it has not said. */
  readonly leastGeneration: number | undefined;
  /** `start` goes on until the store is there, or `stop`: it has not failed, and does not from now on. */
  keepTrying(): void;
  /** Says at once which generation this node follows, and by which one it sends. */
  tellGenerations(): void;
  /** `writable` is false from now on, however little is under way. */
  suspend(): void;
  /** Takes that back; tells `onWritable` when there is room. */
  resume(): void;
}

/** Place of a store among those of the cluster, as the store is to know it. */
export interface LanePlace {
  readonly lane: Lane;
  /** Newest generation of the table of stores that this gateway follows; asked again and again. */
  readonly generation: () => number;
  /** Generation by which this gateway chooses the store of a message now. */
  readonly activeGeneration: () => number;
}
