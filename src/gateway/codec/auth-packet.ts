import { MqttProtocolError } from './protocol-error.ts';
import { PacketType } from './packet-type.ts';
import { PropertyId, PropertySet } from './property-set.ts';
import { ReasonCode } from './reason-code.ts';
import { readerOfBody } from './wire-reader.ts';

/** AUTH of a client (MQTT 5 §3.15). */
export interface AuthPacket {
  readonly reasonCode: AuthReasonCode;
  readonly method: string;
  readonly data: Buffer | undefined;
}

/** What a client may say; success (0x00) is the server's word (table 3-11). */
type AuthReasonCode = typeof ReasonCode.CONTINUE_AUTHENTICATION | typeof ReasonCode.RE_AUTHENTICATE;

const ALLOWED = [
  PropertyId.AUTHENTICATION_METHOD,
  PropertyId.AUTHENTICATION_DATA,
  PropertyId.REASON_STRING,
] as const;

/**
 * Decodes an AUTH from one complete packet; holds no view of it.
 * @throws MqttProtocolError for wrong flags [MQTT-3.15.1-1], a reason code that is not for clients
 *   [MQTT-3.15.2-1], no authentication method (§3.15.2.2.2), and whatever is malformed
 */
export function decodeAuth(frame: Buffer): AuthPacket {
  const reader = readerOfBody(frame, PacketType.AUTH, 0);
  if (reader.remaining === 0) throw protocolError('AUTH with success is for servers');
  const reasonCode = reader.u8('reason code');
  const properties = PropertySet.read(reader, ALLOWED);
  reader.expectEnd('AUTH');
  if (
    reasonCode !== ReasonCode.CONTINUE_AUTHENTICATION &&
    reasonCode !== ReasonCode.RE_AUTHENTICATE
  ) {
    throw protocolError(`AUTH with reason code ${String(reasonCode)} [MQTT-3.15.2-1]`);
  }
  const method = properties.text(PropertyId.AUTHENTICATION_METHOD);
  if (method === undefined) throw protocolError('AUTH without an authentication method');
  return { reasonCode, method, data: properties.bytes(PropertyId.AUTHENTICATION_DATA) };
}

function protocolError(message: string): MqttProtocolError {
  return new MqttProtocolError(ReasonCode.PROTOCOL_ERROR, message);
}
