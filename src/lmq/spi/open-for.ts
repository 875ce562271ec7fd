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
  const queue = await store.openQueue(name);
  try {
    return { queue, offset: await store.loadOffset(consumer, queue) };
  } catch (error) {
    store.closeQueue(queue);
    throw error;
  }
}
