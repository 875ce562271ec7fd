import { silentLogger } from '../../../../src/common/logger.ts';
import { SessionSweeper } from '../../../../src/gateway/session/session-sweeper.ts';
import { StateSpace } from '../../../../src/lmq/spi/types.ts';
import { type Connect5Fields } from '../../../helpers/packets5.ts';
import type { FakeClient5 } from '../fake-client5.ts';
import { connected5 } from '../fake-client5.ts';
import type { World } from '../gateway-world.ts';

/** A client with subscriptions of every kind; `a/#` is a filter that is counted. */
export async function withSession(
  world: World,
  fields: Partial<Connect5Fields>,
): Promise<FakeClient5> {
  const client = await connected5(world, fields);
  await client.subscribe('a/#', 1);
  await client.subscribe('b', 2);
  await client.subscribe('c', 0);
  return client;
}

export function expiry(seconds: number): Partial<Connect5Fields> {
  return { clean: false, properties: [['sessionExpiry', seconds]] };
}

export async function stored(world: World, clientId = 'c5'): Promise<boolean> {
  return (await world.store.getState(StateSpace.SESSION, clientId)) !== undefined;
}

export function sweeperOf({ context, store, clock }: World): SessionSweeper {
  const { sessions } = context;
  return new SessionSweeper({ sessions, store, cluster: undefined, clock, logger: silentLogger });
}

export function sweep(world: World): Promise<void> {
  return sweeperOf(world).sweep();
}
