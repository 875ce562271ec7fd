import { PacketType } from './packet-type.ts';
import { PropertyId, PropertySet } from './property-set.ts';
import { MqttProtocolError } from './protocol-error.ts';
import { ProtocolVersion } from './protocol-version.ts';
import { ReasonCode } from './reason-code.ts';
import { readerOfBody } from './wire-reader.ts';

export interface DisconnectPacket {
  readonly reasonCode: number;
  /** Undefined: as CONNECT said. */
  readonly sessionExpirySeconds: number | undefined;
}

const ALLOWED = [PropertyId.SESSION_EXPIRY_INTERVAL, PropertyId.REASON_STRING] as const;
/** What a client may say; the others of table 3-10 are the server's (§3.14.2.1). */
const OF_CLIENTS: ReadonlySet<number> = new Set([
  ReasonCode.NORMAL_DISCONNECTION,
  ReasonCode.DISCONNECT_WITH_WILL_MESSAGE,
  ReasonCode.UNSPECIFIED_ERROR,
  ReasonCode.MALFORMED_PACKET,
  ReasonCode.PROTOCOL_ERROR,
  ReasonCode.IMPLEMENTATION_SPECIFIC_ERROR,
  ReasonCode.TOPIC_NAME_INVALID,
  ReasonCode.RECEIVE_MAXIMUM_EXCEEDED,
  ReasonCode.TOPIC_ALIAS_INVALID,
  ReasonCode.PACKET_TOO_LARGE,
  ReasonCode.MESSAGE_RATE_TOO_HIGH,
  ReasonCode.QUOTA_EXCEEDED,
  ReasonCode.ADMINISTRATIVE_ACTION,
  ReasonCode.PAYLOAD_FORMAT_INVALID,
]);
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
  if (!OF_CLIENTS.has(reasonCode)) {
    throw new MqttProtocolError(
      ReasonCode.PROTOCOL_ERROR,
      `DISCONNECT with reason code ${String(reasonCode)} [MQTT-3.14.2-1]`,
    );
  }
  if (reader.remaining === 0) return { reasonCode, sessionExpirySeconds: undefined };
  const properties = PropertySet.read(reader, ALLOWED);
  reader.expectEnd('DISCONNECT');
  return {
    reasonCode,
    sessionExpirySeconds: properties.number(PropertyId.SESSION_EXPIRY_INTERVAL, undefined),
  };
}
