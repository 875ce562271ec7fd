import type { Lane } from '../../lmq/spi/lane.ts';
import type { Stores } from '../../lmq/spi/stores.ts';
import type { QueueName, QueueOffset } from '../../lmq/spi/types.ts';

/** Until older stores are asked again whether all gateways have switched, ms. */
export const SWITCH_PAUSE_MS = 50;

/**
 * Where a queue ends in each older store, when no gateway sends there any more what has moved to `lane`: all that comes
 * from there is newer then (docs/adr/0621). Undefined while one does.
 * @throws LmqttError (rejection) when a store is away
 */
export async function endsOfElders(
  stores: Stores,
  lane: Lane,
  name: QueueName,
  elders: readonly Lane[],
): Promise<QueueOffset[] | undefined> {
  if (stores.haveAllSwitched(lane) === false) return undefined;
  const ends: QueueOffset[] = [];
  for (const elder of elders) {
    const store = stores.member(elder);
    // Its answer comes behind everything that the store has told before.
    const queue = await store.openQueue(name);
    ends.push(queue.maxOffset);
    store.closeQueue(queue);
  }
  return stores.haveAllSwitched(lane) === false ? undefined : ends;
}
