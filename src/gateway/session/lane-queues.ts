import type { Lane } from '../../lmq/spi/lane.ts';
import type { Stores } from '../../lmq/spi/stores.ts';
import type { Queue, QueueName } from '../../lmq/spi/types.ts';

/** Opens a queue in each of several stores, all or none; at least one. */
export async function openInLanes(
  stores: Stores,
  name: QueueName,
  lanes: readonly Lane[],
): Promise<readonly [Queue, ...Queue[]]> {
  const [only] = lanes;
  if (only !== undefined && lanes.length === 1) return [await stores.member(only).openQueue(name)];
  const opened = await Promise.allSettled(lanes.map((lane) => stores.member(lane).openQueue(name)));
  const queues: Queue[] = [];
  let failure: PromiseRejectedResult | undefined;
  for (const result of opened) {
    if (result.status === 'fulfilled') queues.push(result.value);
    else failure ??= result;
  }
  const [first, ...others] = queues;
  if (failure === undefined && first !== undefined) return [first, ...others];
  for (const queue of queues) stores.member(queue.lane).closeQueue(queue);
  throw failure === undefined ? new RangeError('a queue of no store') : failure.reason;
}
