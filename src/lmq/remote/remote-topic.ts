import type { Lane } from '../spi/lane.ts';
import type { StoreTopic } from '../spi/types.ts';

/** Handle of a topic, with its part in the batches. */
export class RemoteTopic implements StoreTopic {
  readonly name: string;
  readonly bytes: Buffer;
  readonly lane: Lane;
  readonly width = 1;
  /** Id of the queue that its records go to alone; 0 = wherever the store brings the topic. */
  readonly directQueue: number;
  /** Stands for the topic in batches while `generation` is that of the numbers. */
  number = 0;
  generation = -1;
  /** Records in the open batch. */
  openRecords = 0;
  /** Records in closed batches that are not settled. */
  sealedRecords = 0;

  constructor(name: string, directQueue: number, lane: Lane = 0) {
    this.name = name;
    this.lane = lane;
    this.bytes = Buffer.from(name);
    this.directQueue = directQueue;
  }

  /** The topic behind a handle. Handles of another store are a mistake of the caller. */
  static of(handle: StoreTopic): RemoteTopic {
    if (handle instanceof RemoteTopic) return handle;
    throw new TypeError(`topic ${handle.name} is a handle of another store`);
  }
}
