import type { Lane } from '../../lmq/spi/lane.ts';

/**
 * Makes one thing for each lane, in their order. All or none: when one fails, the others are given back. Lanes
 * that come meanwhile are taken in too.
 * @param lanes asked again after each wait
 */
export async function acquireInLanes<Part>(
  lanes: () => readonly Lane[],
  acquire: (lane: Lane) => Promise<Part>,
  giveBack: (part: Part, lane: Lane) => void,
): Promise<readonly Part[]> {
  let known = lanes();
  let parts = await acquireAll(known, acquire, giveBack);
  for (let now = lanes(); now.length > known.length; now = lanes()) {
    const before = known;
    const added = now.filter((lane) => !before.includes(lane));
    known = now;
    try {
      parts = [...parts, ...(await acquireAll(added, acquire, giveBack))];
    } catch (error) {
      for (const [i, part] of parts.entries()) giveBack(part, before[i] as Lane);
      throw error;
    }
  }
  return parts;
}

/** The same for lanes that are known: what comes meanwhile is not looked at. */
export async function acquireAll<Part>(
  lanes: readonly Lane[],
  acquire: (lane: Lane) => Promise<Part>,
  giveBack: (part: Part, lane: Lane) => void,
): Promise<readonly Part[]> {
  const [only] = lanes;
  if (only !== undefined && lanes.length === 1) return [await acquire(only)];
  const results = await Promise.allSettled(lanes.map(acquire));
  const failed = results.find((result) => result.status === 'rejected');
  const parts: Part[] = [];
  for (const [i, result] of results.entries()) {
    if (result.status !== 'fulfilled') continue;
    if (failed === undefined) parts.push(result.value);
    else giveBack(result.value, lanes[i] as Lane);
  }
  if (failed !== undefined) throw failed.reason;
  return parts;
}
