import type { QueueName, QueueOffset } from './types.ts';

/** How far a consumer is in one queue. */
export interface QueueProgress {
  readonly queue: QueueName;
  readonly minOffset: QueueOffset;
  /** One past the last committed record. */
  readonly maxOffset: QueueOffset;
  /** Where the consumer goes on: its committed offset. */
  readonly consumerOffset: QueueOffset;
}

/** A store that can tell which queues a consumer has offsets in; for the admin tool. */
export interface ConsumerProgress {
  /**
   * In the order of the queues' ids, at most `limit`.
   * @throws StoreError (rejection) when the store cannot be read
   */
  consumerProgress(consumer: string, limit: number): Promise<readonly QueueProgress[]>;
}

/** Whether it is one; a remote one is not. */
export function hasConsumerProgress(store: object): store is ConsumerProgress {
  return 'consumerProgress' in store && typeof store.consumerProgress === 'function';
}
