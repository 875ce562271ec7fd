import { PacketType } from './packet-type.ts';
import { PropertySet } from './property-set.ts';
import { MqttProtocolError } from './protocol-error.ts';
import { ProtocolVersion } from './protocol-version.ts';
import { ReasonCode } from './reason-code.ts';
import { readPacketId, readerOfBody } from './wire-reader.ts';

export interface UnsubscribePacket {
  readonly packetId: number;
  /** UTF-8 strings that MQTT allows; compared character by character with those subscribed. */
  readonly filters: readonly string[];
}

const UNSUBSCRIBE_FLAGS = 0b0010;

/**
 * Decodes an UNSUBSCRIBE (MQTT 3.1.1 §3.10, MQTT 5 §3.10) from one complete packet.
 * @param most filters that it may have: MQTT 3.1.1 has no answer for one that is not looked at
 * @throws MqttProtocolError for anything that the specification does not allow, and for more filters
 */
export function decodeUnsubscribe(
  frame: Buffer,
  version: ProtocolVersion,
  most: number = Infinity,
): UnsubscribePacket {
  const reader = readerOfBody(frame, PacketType.UNSUBSCRIBE, UNSUBSCRIBE_FLAGS);
  const packetId = readPacketId(reader);
  if (version === ProtocolVersion.MQTT_5) PropertySet.read(reader, []);
  const filters: string[] = [];
  while (reader.remaining > 0) {
    if (filters.length >= most) {
      throw new MqttProtocolError(
        ReasonCode.QUOTA_EXCEEDED,
        `UNSUBSCRIBE with more than ${most} topic filters`,
      );
    }
    filters.push(reader.string('topic filter'));
  }
  if (filters.length === 0) {
    // [MQTT-3.10.3-2]
    throw new MqttProtocolError(ReasonCode.PROTOCOL_ERROR, 'UNSUBSCRIBE without a topic filter');
  }
  return { packetId, filters };
}
