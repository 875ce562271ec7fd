import type { Arrival as PushedArrival, StoreFrame } from '../../rpc/messages/store-v1.ts';
import type { Arrival } from '../spi/types.ts';
import type { RemoteQueue } from './remote-queue.ts';
import { positionsFrom, positionsOfAll, RemoteSegment } from './remote-segment.ts';
import type { RemoteQueues } from './remote-queues.ts';
import type { PlacedSegment, TailRing } from './tail-ring.ts';

/** Takes pushed records into the tails of their queues. Work for each queue that has grown, not for each record. */
export class ArrivalReader {
  readonly #queues: RemoteQueues;
  readonly #ring: TailRing;

  constructor(queues: RemoteQueues, ring: TailRing) {
    this.#queues = queues;
    this.#ring = ring;
  }

  /**
   * Moves the bounds and keeps the records; what it returns is to be announced.
   * @throws StoreError when the records are not what the arrivals say
   */
  read({ arrivals, blocks, moved }: StoreFrame): Arrival[] {
    for (const bounds of moved) this.#queues.moved(bounds);
    if (arrivals.length === 0) return [];
    const told: Arrival[] = [];
    const placed: PlacedSegment[] = [];
    let everything: (Uint32Array | undefined)[] | undefined;
    for (const pushed of arrivals) {
      const queue = this.#queueOf(pushed);
      // Closed meanwhile.
      if (queue === undefined) continue;
      const { block, count, positions, firstOffset } = pushed;
      const buffer = blocks[block - 1];
      if (buffer !== undefined) {
        const at =
          positions.length > 0
            ? positionsFrom(positions)
            : ((everything ??= [])[block] ??= positionsOfAll(buffer, count));
        const segment = new RemoteSegment(firstOffset, buffer, at);
        if (segment.count === count && queue.push(segment)) placed.push({ queue, segment });
      }
      const arrival = queue.announce(firstOffset + count, firstOffset);
      if (arrival !== undefined) told.push(arrival);
    }
    if (placed.length > 0) this.#ring.push(bytesOf(blocks), placed);
    return told;
  }

  /** The queue, or a handle for this arrival alone when the node has not opened it. */
  #queueOf({ queue: id, opened, firstOffset }: PushedArrival): RemoteQueue | undefined {
    const queue = this.#queues.byId(id);
    if (queue !== undefined || opened === null || opened === undefined) return queue;
    return this.#queues.passing({ ...opened, maxOffset: firstOffset });
  }
}

function bytesOf(blocks: readonly Buffer[]): number {
  let bytes = 0;
  for (const block of blocks) bytes += block.length;
  return bytes;
}
