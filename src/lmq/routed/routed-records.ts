import { isWildcardFilter } from '../../common/topic/topic-filter.ts';
import { type Lane, laneOfCommit } from '../spi/lane.ts';
import type { CommitLog, LmqOffsetStore, LmqQueueStore } from '../spi/lmq-store.ts';
import type { MessageHead } from '../spi/message-head.ts';
import { peerOfQueue } from '../spi/queue-name.ts';
import type { Spread } from '../spi/stores.ts';
import type {
  Arrival,
  CommitListener,
  CommitNumber,
  PullResult,
  Queue,
  QueueName,
  QueueOffset,
  Segment,
  StoreTopic,
} from '../spi/types.ts';
import type { LaneMembers } from './lane-members.ts';

/** Records, queues and offsets of several stores: handles and commit numbers say of which one. */
export class RoutedRecords implements CommitLog, LmqQueueStore, LmqOffsetStore {
  readonly #members: LaneMembers;
  readonly #spread: Spread;

  constructor(members: LaneMembers, spread: Spread) {
    this.#members = members;
    this.#spread = spread;
  }

  /** Of the first store. */
  get openCommit(): CommitNumber {
    return this.#members.of(0).openCommit;
  }

  get backlogBytes(): number {
    let bytes = 0;
    for (const store of this.#members.all) bytes += store.backlogBytes;
    return bytes;
  }

  /** While each of them is. */
  get writable(): boolean {
    for (const store of this.#members.all) if (!store.writable) return false;
    return true;
  }

  topic(name: string): StoreTopic {
    return this.#members.of(this.#spread.laneOfTopic(name)).topic(name);
  }

  directTopic(name: string, queue: Queue): StoreTopic {
    return this.#members.of(queue.lane).directTopic(name, queue);
  }

  append(
    topic: StoreTopic,
    head: MessageHead,
    payload: Buffer,
    payloadStart: number,
    payloadEnd: number,
  ): CommitNumber {
    return this.#members.of(topic.lane).append(topic, head, payload, payloadStart, payloadEnd);
  }

  appendRecord(topic: StoreTopic, record: Buffer, start: number, origin: number): CommitNumber {
    return this.#members.of(topic.lane).appendRecord(topic, record, start, origin);
  }

  /** Of all lanes: the number says of which one. */
  onCommit(listener: CommitListener): void {
    this.#members.each((store) => {
      store.onCommit(listener);
    });
  }

  onArrival(listener: (arrivals: readonly Arrival[]) => void): void {
    this.#members.each((store) => {
      store.onArrival(listener);
    });
  }

  /** When one of them has room again: the others may have none. */
  onWritable(listener: () => void): void {
    this.#members.each((store) => {
      store.onWritable(listener);
    });
  }

  async committed(commit: CommitNumber): Promise<void> {
    return this.#members.of(laneOfCommit(commit)).committed(commit);
  }

  /** A wildcard filter: its queue in the oldest of its lanes. */
  async openQueue(name: QueueName): Promise<Queue> {
    return this.#members.of(this.#laneOfQueue(name)).openQueue(name);
  }

  closeQueue(queue: Queue): void {
    this.#members.of(queue.lane).closeQueue(queue);
  }

  tail(queue: Queue, offset: QueueOffset): Segment | undefined {
    return this.#members.of(queue.lane).tail(queue, offset);
  }

  pull(
    queue: Queue,
    offset: QueueOffset,
    maxMessages: number,
    maxBytes: number,
  ): Promise<PullResult> {
    return this.#members.of(queue.lane).pull(queue, offset, maxMessages, maxBytes);
  }

  commitOffset(consumer: string, queue: Queue, offset: QueueOffset): CommitNumber {
    return this.#members.of(queue.lane).commitOffset(consumer, queue, offset);
  }

  loadOffset(consumer: string, queue: Queue): Promise<QueueOffset | undefined> {
    return this.#members.of(queue.lane).loadOffset(consumer, queue);
  }

  deleteOffset(consumer: string, queue: Queue): CommitNumber {
    return this.#members.of(queue.lane).deleteOffset(consumer, queue);
  }

  #laneOfQueue(name: QueueName): Lane {
    const client = peerOfQueue(name);
    if (client !== undefined) return this.#spread.homeOf(client);
    const filter = name.slice(1);
    if (!isWildcardFilter(filter)) return this.#spread.laneOfTopic(filter);
    return this.#spread.lanesOfFilter(filter)[0] ?? 0;
  }
}
