import type { LmqStore } from './lmq-store.ts';
import type { Queue, QueueName, QueueOffset } from './types.ts';

/** An open queue, and how far a consumer has come in it. */
export interface OpenedFor {
  readonly queue: Queue;
  /** The committed offset, or undefined when there is none. */
  readonly offset: QueueOffset | undefined;
}

/** What a store has that answers both at once. */
export interface ConsumerQueues {
  /** As `openQueue` and `loadOffset` behind it. */
  openQueueFor(consumer: string, name: QueueName): Promise<OpenedFor>;
}

/** Opens a queue and looks up the consumer's offset; open only if both succeed. */
export async function openFor(
  store: LmqStore & Partial<ConsumerQueues>,
  consumer: string,
  name: QueueName,
): Promise<OpenedFor> {
  if (store.openQueueFor !== undefined) return store.openQueueFor(consumer, name);
  return withOffset(store, consumer, await store.openQueue(name));
}

/** The offset of a consumer in a queue that has just been opened; the queue is closed when it cannot be read. */
export async function withOffset(
  store: LmqStore,
  consumer: string,
  queue: Queue,
): Promise<OpenedFor> {
  try {
    return { queue, offset: await store.loadOffset(consumer, queue) };
  } catch (error) {
    store.closeQueue(queue);
    throw error;
  }
}
