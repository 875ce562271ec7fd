import { MAX_STORES } from '../../common/store-table.ts';

/** A store's place among those of the cluster, from 0; 0 of a store that is alone. The same in every gateway. */
export type Lane = number;

/**
 * Commits of a lane are numbered in the order in which they become durable, anew in each life of the store.
 */
export type CommitNumber = number;

/** Stores that a cluster may have. */
export const MAX_LANES: number = MAX_STORES;

/** Each lane numbers its commits for itself; the numbers of two lanes never meet. */
const COMMITS_OF_A_LANE = 2 ** 46;

/** What the commits of a lane are counted from: its first one is one more. */
export function commitBase(lane: Lane): CommitNumber {
  return lane * COMMITS_OF_A_LANE;
}

/** The lane whose commit this is. Of two commits of one lane the smaller one becomes durable first. */
export function laneOfCommit(commit: CommitNumber): Lane {
  return commit < COMMITS_OF_A_LANE ? 0 : Math.floor(commit / COMMITS_OF_A_LANE);
}

/** The lanes of such a set. */
export function lanesOfBits(bits: number): Lane[] {
  const lanes: Lane[] = [];
  for (let lane = 0; laneBit(lane) <= bits; lane++)
    if ((bits & laneBit(lane)) !== 0) lanes.push(lane);
  return lanes;
}

/** The lane in a set of lanes, each of which is a bit of a number. */
export function laneBit(lane: Lane): number {
  return 1 << lane;
}
