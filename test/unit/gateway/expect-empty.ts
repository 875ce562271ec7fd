import { expect } from 'chai';
import type { World } from './gateway-world.ts';

/** Nothing is held of any session that there was. */
export function expectEmpty(world: World): void {
  const { sessions, live, sessionLog } = world.context;
  expect(sessions.size).to.equal(0);
  expect(sessions.busy).to.equal(0);
  expect(live.size).to.equal(0);
  expect(sessionLog.dirtyCount).to.equal(0);
  expect(world.stats.sessionsCurrent).to.equal(0);
  expect(world.stats.subscriptionsCurrent).to.equal(0);
  expect(world.store.stats.openQueues).to.equal(0);
}
