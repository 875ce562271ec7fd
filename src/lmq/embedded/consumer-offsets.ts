import type { QueueProgress } from '../spi/consumer-progress.ts';
import type { QueueName } from '../spi/types.ts';
import type { KvEngine } from './kv-engine.ts';
import { idKey } from './layout/v1/name-key.ts';
import { decodeOffset, offsetKey, queueOfOffsetKey } from './layout/v1/offset-key.ts';
import type { QueueTable } from './queue-table.ts';

const MAX_QUEUE_ID = 2 ** 48 - 1;

/** The committed offsets of one consumer, as they are on disk, with the bounds of their queues. */
export async function consumerOffsets(
  engine: KvEngine,
  queues: QueueTable,
  consumer: string,
  limit: number,
): Promise<readonly QueueProgress[]> {
  const range = { gte: offsetKey(consumer, 0), lte: offsetKey(consumer, MAX_QUEUE_ID) };
  const entries = await engine.read(range, limit);
  const names = await engine.getMany(entries.map(({ key }) => idKey(queueOfOffsetKey(key))));
  const progress: QueueProgress[] = [];
  for (const [index, { value }] of entries.entries()) {
    const name = names[index]?.toString() as QueueName | undefined;
    if (name === undefined) continue;
    const queue = await queues.open(name);
    const { minOffset, maxOffset } = queue;
    progress.push({ queue: name, minOffset, maxOffset, consumerOffset: decodeOffset(value) });
    queues.close(queue);
  }
  return progress;
}
