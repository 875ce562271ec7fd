import sinon from 'sinon';
import { publish, type Publish, type QoS } from '../../../helpers/packets.ts';
import type { World } from '../gateway-world.ts';
import { type FakeClient } from '../gateway-world.ts';

export async function send(
  publisher: FakeClient,
  topic: string,
  qos: QoS,
  ...payloads: readonly (string | Buffer)[]
): Promise<void> {
  await publisher.exchange(
    ...payloads.map((payload, i) => publish({ topic, qos, id: i + 1, payload })),
  );
  if (qos === 2)
    for (const [i] of payloads.entries()) publisher.channel.session!.received.delete(i + 1);
}

export function texts(messages: readonly Publish[]): string[] {
  return messages.map(({ payload }) => payload.toString());
}

/** Everything has to be read from the store, which takes a turn. */
export function withoutTail(world: World): sinon.SinonSpy {
  sinon.stub(world.store, 'tail').returns(undefined);
  return sinon.spy(world.store, 'pull');
}
