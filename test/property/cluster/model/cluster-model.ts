import type { Model } from '../exploration.ts';
import { newWorld, perform, possible, type Action, type Size } from './actions.ts';
import type { Rules } from './rules.ts';
import { NO_BUDGET, settle } from './settle.ts';
import type { World } from './types.ts';

/** Takeover, leases and the idempotent append. */
export const CLUSTER_MODEL: Model<World, Action> = {
  possible,
  perform,
  settle,
  chances: {
    connect: 0.08,
    write: 0.3,
    goodbye: 0.2,
    drop: 0.2,
    crashNode: 0.04,
    crashStore: 0.06,
    cutAtNode: 0.06,
    cutAtStore: 0.06,
    expire: 0.04,
    expireDead: 0.3,
    failCommit: 0.1,
  },
};

/** A world whose nodes are all attached. */
export function readyWorld(rules: Rules, size: Size): World {
  const world = newWorld(rules, { ...size, budget: NO_BUDGET });
  settle(world);
  world.budget = { ...size.budget };
  return world;
}
