import type { Lane } from '../../lmq/spi/lane.ts';
import { openFor, type OpenedFor } from '../../lmq/spi/open-for.ts';
import type { Stores } from '../../lmq/spi/stores.ts';
import type { Queue, QueueName } from '../../lmq/spi/types.ts';
import { acquireAll } from '../routing/lane-parts.ts';

/** Opens a queue in each of several stores, all or none; at least one. */
export function openInLanes(
  stores: Stores,
  name: QueueName,
  lanes: readonly Lane[],
): Promise<readonly [Queue, ...Queue[]]> {
  return openAll(
    lanes,
    (lane) => stores.member(lane).openQueue(name),
    (queue, lane) => {
      stores.member(lane).closeQueue(queue);
    },
  );
}

/** The same, with the offsets of a consumer. */
export function openForInLanes(
  stores: Stores,
  consumer: string,
  name: QueueName,
  lanes: readonly Lane[],
): Promise<readonly [OpenedFor, ...OpenedFor[]]> {
  return openAll(
    lanes,
    (lane) => openFor(stores.member(lane), consumer, name),
    ({ queue }, lane) => {
      stores.member(lane).closeQueue(queue);
    },
  );
}

async function openAll<Opened>(
  lanes: readonly Lane[],
  open: (lane: Lane) => Promise<Opened>,
  close: (opened: Opened, lane: Lane) => void,
): Promise<readonly [Opened, ...Opened[]]> {
  const [first, ...others] = await acquireAll(lanes, open, close);
  if (first === undefined) throw new RangeError('a queue of no store');
  return [first, ...others];
}
