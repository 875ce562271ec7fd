import type { QueueBounds } from '../../rpc/messages/store-v1.ts';
import type { Lane } from '../spi/lane.ts';
import type { Arrival, Queue, QueueName, QueueOffset } from '../spi/types.ts';
import type { RemoteSegment } from './remote-segment.ts';
import { SegmentTail } from './segment-tail.ts';
import type { TopicHandles } from './topic-handles.ts';

/** Where this node's own records of the topic go to: `t` of queue-name.ts. */
const TOPIC_KIND = 't';

/** A queue that this node has open, with the bounds that the store has told. */
export class RemoteQueue implements Queue {
  readonly id: number;
  readonly name: QueueName;
  readonly lane: Lane;
  readonly #topics: TopicHandles;
  minOffset: QueueOffset;
  maxOffset: QueueOffset;
  #storeNext: QueueOffset;
  /** End of what has been announced as arrived. */
  announced: QueueOffset;
  /** Local uses. */
  uses = 0;
  /** What is in memory; undefined while there has been nothing. */
  tail: SegmentTail | undefined = undefined;

  constructor(bounds: QueueBounds, topics: TopicHandles) {
    this.lane = topics.numbers.lane;
    this.id = topics.numbers.queueId(bounds.id);
    this.name = bounds.name as QueueName;
    this.#topics = topics;
    this.minOffset = bounds.minOffset;
    this.maxOffset = bounds.maxOffset;
    this.#storeNext = bounds.nextOffset;
    this.announced = bounds.maxOffset;
  }

  /** The queue behind a handle. Handles of another store are a mistake of the caller. */
  static of(handle: Queue, lane: Lane): RemoteQueue {
    if (handle instanceof RemoteQueue && handle.lane === lane) return handle;
    throw new TypeError(`queue ${handle.name} was opened by another store`);
  }

  /** Its id at the store. */
  get wireId(): number {
    return this.#topics.numbers.wireQueue(this.id);
  }

  /**
   * What the store last said, or what follows from this node's own records of the topic. Never more than
   * it is, so that nothing is missed by who begins here.
   */
  get nextOffset(): QueueOffset {
    const own = this.name.startsWith(TOPIC_KIND)
      ? this.#topics.find(this.name.slice(1))
      : undefined;
    const unsettled = own === undefined ? 0 : own.openRecords + own.sealedRecords;
    return Math.max(this.#storeNext, this.maxOffset + unsettled);
  }

  /**
   * Takes over what the store says; bounds only grow.
   * @returns whether the first offset has moved
   */
  update({ minOffset, maxOffset, nextOffset }: QueueBounds): boolean {
    const hasMoved = this.raise(minOffset);
    if (maxOffset > this.maxOffset) this.maxOffset = maxOffset;
    if (nextOffset > this.#storeNext) this.#storeNext = nextOffset;
    return hasMoved;
  }

  /**
   * Takes over the first offset, which only grows.
   * @returns whether it has moved
   */
  raise(minOffset: QueueOffset): boolean {
    if (minOffset <= this.minOffset) return false;
    this.minOffset = minOffset;
    return true;
  }

  /** The same after a reconnect: what was appended and not durable may be gone. */
  rejoin(bounds: QueueBounds): boolean {
    this.#storeNext = bounds.nextOffset;
    return this.update(bounds);
  }

  /** Moves on to `end`; what has been announced before is not announced again. */
  announce(end: QueueOffset, first: QueueOffset): Arrival | undefined {
    if (end > this.maxOffset) this.maxOffset = end;
    const firstOffset = Math.max(first, this.announced);
    if (end <= firstOffset) return undefined;
    this.announced = end;
    return { queue: this, firstOffset, count: end - firstOffset };
  }

  /** False when it overlaps what is in memory. */
  push(segment: RemoteSegment): boolean {
    this.tail ??= new SegmentTail();
    return this.tail.push(segment);
  }
}
