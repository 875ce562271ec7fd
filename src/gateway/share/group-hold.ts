import type { Lane } from '../../lmq/spi/lane.ts';
import type { Spread } from '../../lmq/spi/stores.ts';
import type { QueueOffset } from '../../lmq/spi/types.ts';

/** What a group comes behind: the same one in older stores, from which topics may have moved to its own. */
export interface GroupHold {
  readonly lanes: readonly Lane[];
  /** How far each of them has to be; undefined until there is something to wait with. */
  upTo: readonly QueueOffset[] | undefined;
  /** That is being asked, or saved when they are there. */
  isBusy: boolean;
}

/** What a group of a filter has to wait for in a store; undefined when nothing can have moved there. */
export function groupHold(filter: string, lane: Lane, spread: Spread): GroupHold | undefined {
  const count = spread.eldersOf(lane);
  if (count === 0) return undefined;
  const lanes = spread.lanesOfFilter(filter).filter((other) => other < count);
  return lanes.length === 0 ? undefined : { lanes, upTo: undefined, isBusy: false };
}
