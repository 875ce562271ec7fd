import type { Lane } from '../../lmq/spi/lane.ts';
import type { Stores } from '../../lmq/spi/stores.ts';
import type { Queue, QueueName } from '../../lmq/spi/types.ts';
import { acquireAll } from '../routing/lane-parts.ts';

/** Opens a queue in each of several stores, all or none; at least one. */
export async function openInLanes(
  stores: Stores,
  name: QueueName,
  lanes: readonly Lane[],
): Promise<readonly [Queue, ...Queue[]]> {
  const [first, ...others] = await acquireAll(
    lanes,
    (lane) => stores.member(lane).openQueue(name),
    (queue, lane) => {
      stores.member(lane).closeQueue(queue);
    },
  );
  if (first === undefined) throw new RangeError('a queue of no store');
  return [first, ...others];
}
