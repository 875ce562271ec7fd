import { publish, type QoS } from '../../../helpers/packets.ts';
import { type FakeClient, World, type WorldOptions } from '../gateway-world.ts';

export const GROUP = '$share/g/t';

export async function started(options: WorldOptions = {}): Promise<World> {
  const world = new World(options);
  await world.context.shares.start(world.context.sessions);
  return world;
}

export async function send(
  world: World,
  qos: QoS,
  payloads: readonly string[],
  topic = 't',
): Promise<void> {
  const publisher = await world.connected({ clientId: 'publisher' });
  const packets = payloads.map((payload, i) => publish({ topic, qos, id: i + 1, payload }));
  await publisher.exchange(...packets);
  await publisher.lose();
}

export function member(world: World, clientId: string, qos = 1, clean = true): Promise<FakeClient> {
  return world.subscribed({ clientId, clean }, [GROUP, qos]);
}
