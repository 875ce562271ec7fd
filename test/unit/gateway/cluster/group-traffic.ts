import { expect } from 'chai';
import { publish, pubrel, type QoS } from '../../../helpers/packets.ts';
import type { Random } from '../../../helpers/random.ts';
import type { FakeClock } from '../fake-clock.ts';
import { turns } from '../fake-socket.ts';
import type { FakeClient, World } from '../gateway-world.ts';

const STEPS = 30;

/** Payloads of messages that are numbered. */
export function numbers(from: number, to: number): string[] {
  return Array.from({ length: to - from + 1 }, (_, i) => String(from + i));
}

export function sorted(received: readonly string[]): string[] {
  return [...received].sort((a, b) => Number(a) - Number(b));
}

/** Publishes to a gateway, each message to its end. */
export async function publishAll(
  gateway: World,
  qos: QoS,
  topic: string,
  payloads: readonly string[],
): Promise<void> {
  const publisher = await gateway.connected({ clientId: 'publisher' });
  await publisher.exchange(
    ...payloads.map((payload, i) => publish({ topic, qos, id: i + 1, payload })),
  );
  if (qos === 2) await publisher.exchange(...payloads.map((_, i) => pubrel(i + 1)));
  await publisher.lose();
}

/** Lets all that can be delivered be delivered; what each of the clients has received. */
export async function drainAll(
  clock: FakeClock,
  ...clients: readonly FakeClient[]
): Promise<string[][]> {
  const received = clients.map((): string[] => []);
  for (let round = 0; round < 12; round++) {
    for (const [i, client] of clients.entries()) received[i]?.push(...(await client.drain()));
    clock.advance(20);
    await turns(20);
  }
  return received;
}

export interface RandomGroup {
  /** Tells the run from others when it fails. */
  readonly name: string;
  readonly random: Random;
  readonly clock: FakeClock;
  readonly gateways: readonly World[];
  readonly filter: string;
  /** A topic that the filter matches. */
  readonly topic: () => string;
  /** What happens besides, before some steps. */
  readonly beforeStep?: (step: number, sendOne: () => Promise<void>) => Promise<void>;
}

/** Members of a group come, acknowledge and go at random; in the end every message is acknowledged exactly once. */
export async function runRandomGroup(group: RandomGroup): Promise<void> {
  const { random, clock, gateways, filter, topic, beforeStep } = group;
  const clients = new Map<string, FakeClient>();
  const acknowledged: string[] = [];
  const anchor = await gateways[0]!.subscribed({ clientId: 'anchor', clean: false }, [filter, 1]);
  clients.set('anchor', anchor);
  let sent = 0;
  const send = async (gateway: World, count: number): Promise<void> => {
    const payloads = numbers(sent + 1, sent + count);
    sent += count;
    await publishAll(gateway, 1, topic(), payloads);
  };
  for (let step = 0; step < STEPS; step++) {
    const clientId = `c${String(random.below(5))}`;
    const gateway = gateways[random.below(gateways.length)]!;
    const client = clients.get(clientId);
    await beforeStep?.(step, () => send(gateway, 1));
    switch (random.below(4)) {
      case 0:
        if (client === undefined || client.closed) {
          clients.set(clientId, await gateway.subscribed({ clientId, clean: false }, [filter, 1]));
        }
        break;
      case 1:
        await client?.lose();
        clients.delete(clientId);
        break;
      case 2:
        await send(gateway, 1 + random.below(5));
        break;
      default:
        if (client !== undefined) acknowledged.push(...(await client.drain()));
    }
    clock.advance(20);
    await turns(5);
  }
  for (const [clientId, client] of clients) {
    if (clientId !== 'anchor') await client.lose();
  }
  const [rest] = await drainAll(clock, anchor);
  acknowledged.push(...rest!);
  expect(sorted(acknowledged), group.name).to.deep.equal(numbers(1, sent));
}
