import { publish, type Publish, type QoS } from '../../../helpers/packets.ts';
import { type FakeClient } from '../gateway-world.ts';

/** What a PUBLISH said, without its identifier. */
export function show({ topic, payload, qos, retain, dup }: Publish): string {
  return `${topic}=${payload.toString()} qos ${qos}${retain ? ' retained' : ''}${dup ? ' dup' : ''}`;
}

export async function retain(
  client: FakeClient,
  topic: string,
  payload: string,
  qos: QoS = 1,
): Promise<void> {
  await client.exchange(publish({ topic, payload, qos, id: 1, retain: true }));
  if (qos === 2) await client.exchange(Buffer.from([0x62, 2, 0, 1]));
}

/** Types of what came, in order. */
export function types(packets: readonly { type: string }[]): string {
  return packets.map(({ type }) => type).join(' ');
}
