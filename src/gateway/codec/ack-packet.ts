import { MqttProtocolError } from './protocol-error.ts';
import { packetTypeName, PacketType } from './packet-type.ts';
import { PropertyId, PropertySet } from './property-set.ts';
import { ProtocolVersion } from './protocol-version.ts';
import { ReasonCode } from './reason-code.ts';
import { WireReader } from './wire-reader.ts';

const ACK_PROPERTIES = [PropertyId.REASON_STRING] as const;

/** PUBACK, PUBREC, PUBREL, PUBCOMP in: what the last `readAck` has found. */
export interface Ack {
  packetId: number;
  /** MQTT 5; 0 = success. */
  reasonCode: number;
}

/** Reason codes of PUBACK and PUBREC (MQTT 5 §3.4.2.1, §3.5.2.1), and of PUBREL and PUBCOMP (§3.6.2.1). */
const OF_PUBLISH: ReadonlySet<number> = new Set([
  ReasonCode.NO_MATCHING_SUBSCRIBERS,
  ReasonCode.UNSPECIFIED_ERROR,
  ReasonCode.IMPLEMENTATION_SPECIFIC_ERROR,
  ReasonCode.NOT_AUTHORIZED,
  ReasonCode.TOPIC_NAME_INVALID,
  ReasonCode.PACKET_IDENTIFIER_IN_USE,
  ReasonCode.QUOTA_EXCEEDED,
  ReasonCode.PAYLOAD_FORMAT_INVALID,
]);
const OF_RELEASE: ReadonlySet<number> = new Set([ReasonCode.PACKET_IDENTIFIER_NOT_FOUND]);

/** One for all: an acknowledgement is handled before the next one is read. */
const ack: Ack = { packetId: 0, reasonCode: 0 };

/**
 * Reads an acknowledgement with its variable header at `bodyStart`. Its flags must be `flags` [MQTT-2.2.2-2].
 * @throws MqttProtocolError when it is malformed or its packet identifier is 0 [MQTT-2.3.1-1]
 */
export function readAck(
  chunk: Buffer,
  first: number,
  flags: number,
  bodyStart: number,
  end: number,
  version: ProtocolVersion,
): Readonly<Ack> {
  const length = end - bodyStart;
  const lengthFits = version === ProtocolVersion.MQTT_5 ? length >= 2 : length === 2;
  if ((first & 0x0f) !== flags || !lengthFits) {
    throw malformed(`${packetTypeName(first >> 4)} with wrong flags or length`);
  }
  ack.packetId = ((chunk[bodyStart] as number) << 8) | (chunk[bodyStart + 1] as number);
  if (ack.packetId === 0) throw malformed('packet identifier 0 [MQTT-2.3.1-1]');
  ack.reasonCode = length > 2 ? (chunk[bodyStart + 2] as number) : 0;
  if (ack.reasonCode !== 0) checkReasonCode(first >> 4, ack.reasonCode);
  if (length > 3) {
    const reader = new WireReader(chunk, bodyStart + 3, end);
    PropertySet.read(reader, ACK_PROPERTIES);
    reader.expectEnd(packetTypeName(first >> 4));
  }
  return ack;
}

function checkReasonCode(type: number, reasonCode: number): void {
  const first = type === PacketType.PUBACK || type === PacketType.PUBREC;
  if ((first ? OF_PUBLISH : OF_RELEASE).has(reasonCode)) return;
  throw new MqttProtocolError(
    ReasonCode.PROTOCOL_ERROR,
    `${packetTypeName(type)} with reason code ${String(reasonCode)}`,
  );
}

function malformed(message: string): MqttProtocolError {
  return new MqttProtocolError(ReasonCode.MALFORMED_PACKET, message);
}
