import { PacketType } from './packet-type.ts';
import { PropertyId, PropertySet } from './property-set.ts';
import { ProtocolVersion } from './protocol-version.ts';
import { ReasonCode } from './reason-code.ts';
import { readerOfBody } from './wire-reader.ts';

export interface DisconnectPacket {
  readonly reasonCode: number;
  /** Undefined: as CONNECT said. */
  readonly sessionExpirySeconds: number | undefined;
}

const ALLOWED = [PropertyId.SESSION_EXPIRY_INTERVAL, PropertyId.REASON_STRING] as const;
const PLAIN: DisconnectPacket = {
  reasonCode: ReasonCode.NORMAL_DISCONNECTION,
  sessionExpirySeconds: undefined,
};

/**
 * Decodes a DISCONNECT (§3.14) from one complete packet.
 * @throws MqttProtocolError for anything that the specification does not allow
 */
export function decodeDisconnect(frame: Buffer, version: ProtocolVersion): DisconnectPacket {
  const reader = readerOfBody(frame, PacketType.DISCONNECT, 0);
  if (version !== ProtocolVersion.MQTT_5) {
    reader.expectEnd('DISCONNECT');
    return PLAIN;
  }
  if (reader.remaining === 0) return PLAIN;
  const reasonCode = reader.u8('reason code');
  if (reader.remaining === 0) return { reasonCode, sessionExpirySeconds: undefined };
  const properties = PropertySet.read(reader, ALLOWED);
  reader.expectEnd('DISCONNECT');
  return {
    reasonCode,
    sessionExpirySeconds: properties.number(PropertyId.SESSION_EXPIRY_INTERVAL, undefined),
  };
}
