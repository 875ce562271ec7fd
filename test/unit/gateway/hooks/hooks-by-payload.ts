import type { GatewayHooks } from '../../../../src/gateway/hooks/gateway-hooks.ts';
import { DROP, refuse } from '../../../../src/gateway/hooks/verdict.ts';
import { type Packet5 } from '../../../helpers/packets5.ts';

/** Answers on what the payload says: refuse, drop, throw, change. */
export const byPayload: GatewayHooks = {
  name: 'by payload',
  onPublish(message) {
    const text = message.payload.toString();
    if (text === 'refuse') return refuse(0x97);
    if (text === 'drop') return DROP;
    if (text === 'throw') throw new Error('out of order');
    if (text === 'change') message.payload = Buffer.from('changed');
    return undefined;
  },
};

export function acks(packets: readonly Packet5[]): string[] {
  return packets.flatMap((packet) =>
    packet.type === 'puback' || packet.type === 'pubrec' || packet.type === 'pubcomp'
      ? [`${packet.type} ${String(packet.id)} 0x${packet.code.toString(16)}`]
      : [],
  );
}

export function texts(packets: readonly { readonly payload: Buffer }[]): string[] {
  return packets.map(({ payload }) => payload.toString());
}
