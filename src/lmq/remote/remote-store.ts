import type { Cluster } from '../spi/cluster.ts';
import type { LmqStore } from '../spi/lmq-store.ts';
import type { ConsumerQueues } from '../spi/open-for.ts';

/** A store in another process, shared with other gateway nodes. */
export interface RemoteStore extends LmqStore, ConsumerQueues, Cluster {
  /** False while a record that this node has appended is neither durable nor has failed. */
  readonly isSettled: boolean;
  /** There is a connection to it, and it has taken this node in. */
  readonly isAttached: boolean;
  /** The oldest generation by which a node's messages come to it; undefined while it has not said. */
  readonly leastGeneration: number | undefined;
  /** `start` goes on until the store is there, or `stop`: it has not failed, and does not from now on. */
  keepTrying(): void;
  /** Says at once which generation it follows, and by which one it sends. */
  tellGenerations(): void;
  /** `writable` is false from now on, however little is under way, until `resume`. */
  suspend(): void;
  /** Takes that back; tells `onWritable` when there is room. */
  resume(): void;
}
