import { parser } from 'mqtt-packet';
import type { IConnectPacket, Packet } from 'mqtt-packet';
import { messageOf } from '../../common/errors.ts';
import { MqttProtocolError } from './protocol-error.ts';
import { ReasonCode } from './reason-code.ts';

/**
 * Parses a CONNECT with mqtt-packet, which must have passed `readConnectLayout`. One parser for one
 * packet: it keeps what it has not understood for the next.
 * @throws MqttProtocolError MALFORMED_PACKET for what mqtt-packet refuses or stumbles over
 */
export function parseConnect(frame: Buffer): IConnectPacket {
  let packet: Packet | undefined;
  let failure: unknown;
  const instance = parser();
  instance.on('packet', (parsed) => (packet = parsed));
  instance.on('error', (error: unknown) => (failure = error));
  try {
    instance.parse(frame);
  } catch (error) {
    failure = error;
  }
  if (failure === undefined && packet?.cmd === 'connect') return packet;
  throw new MqttProtocolError(
    ReasonCode.MALFORMED_PACKET,
    `CONNECT cannot be parsed: ${failure === undefined ? 'no packet' : messageOf(failure)}`,
    { cause: failure },
  );
}
