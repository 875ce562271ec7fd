/**
 * The strict pass over a CONNECT packet. mqtt-packet decodes it afterwards, but lets pass what it must
 * not: ill-formed UTF-8 and U+0000, bytes left over, a level that does not go with the name (and bit 7
 * of it), will QoS 3, a password without user name, and properties that are misplaced, doubled or cut off.
 */
import { MAX_VARINT_BYTES, writeVarint } from '../../common/bytes/varint.ts';
import { PacketType } from './packet-type.ts';
import { PropertyId, PropertySet } from './property-set.ts';
import { MqttProtocolError, UnsupportedVersionError } from './protocol-error.ts';
import { ProtocolVersion } from './protocol-version.ts';
import { ReasonCode } from './reason-code.ts';
import { NO_WILL_PROPERTIES, readWillProperties } from './will.ts';
import type { WillProperties } from './will.ts';
import { readerOfBody } from './wire-reader.ts';
import type { WireReader } from './wire-reader.ts';

const NO_PROPERTIES = Buffer.from([0]);
const RESERVED = 0x01;
const WILL = 0x04;
const WILL_QOS_SHIFT = 3;
const WILL_QOS_AND_RETAIN = 0x38;
const PASSWORD = 0x40;
const USER_NAME = 0x80;

const ALLOWED = [
  PropertyId.SESSION_EXPIRY_INTERVAL,
  PropertyId.RECEIVE_MAXIMUM,
  PropertyId.MAXIMUM_PACKET_SIZE,
  PropertyId.TOPIC_ALIAS_MAXIMUM,
  PropertyId.REQUEST_RESPONSE_INFORMATION,
  PropertyId.REQUEST_PROBLEM_INFORMATION,
  PropertyId.AUTHENTICATION_METHOD,
  PropertyId.AUTHENTICATION_DATA,
];

/** What the strict pass learns that mqtt-packet does not keep. */
export interface ConnectLayout {
  readonly version: ProtocolVersion;
  /** Undefined before MQTT 5. */
  readonly properties: PropertySet | undefined;
  readonly willProperties: WillProperties;
  /**
   * The packet for mqtt-packet: `frame`, or a copy without the flags of fields that are not there, and without properties, which are
   * read already: mqtt-packet takes five times as long for them, and nobody has signed in yet.
   */
  readonly consistent: Buffer;
}

function malformed(message: string): MqttProtocolError {
  return new MqttProtocolError(ReasonCode.MALFORMED_PACKET, message);
}

function readVersion(reader: WireReader): ProtocolVersion {
  const name = reader.string('protocol name');
  if (name !== 'MQTT' && name !== 'MQIsdp') {
    // [MQTT-3.1.2-1]
    throw new MqttProtocolError(ReasonCode.PROTOCOL_ERROR, 'unknown protocol name');
  }
  const level = reader.u8('protocol level');
  if (name === 'MQIsdp' && level === ProtocolVersion.MQTT_3_1) return level;
  if (name === 'MQTT' && level === ProtocolVersion.MQTT_3_1_1) return level;
  if (name === 'MQTT' && level === ProtocolVersion.MQTT_5) return level;
  throw new UnsupportedVersionError(name, level, level > 5 && isForm5(reader));
}

/** A later version has the form of MQTT 5, if any; a packet of 3.1.1 read like this does not come out even. */
function isForm5(reader: WireReader): boolean {
  try {
    readLayout(reader, ProtocolVersion.MQTT_5);
    return true;
  } catch (error) {
    if (error instanceof MqttProtocolError) return false;
    throw error;
  }
}

function checkFlags(flags: number, version: ProtocolVersion): void {
  // [MQTT-3.1.2-3]
  if ((flags & RESERVED) !== 0) throw malformed('reserved connect flag is set');
  // [MQTT-3.1.2-13] [MQTT-3.1.2-15]
  if ((flags & WILL) === 0 && (flags & WILL_QOS_AND_RETAIN) !== 0) {
    throw malformed('will QoS or will retain without a will');
  }
  // [MQTT-3.1.2-14]
  if (((flags >> WILL_QOS_SHIFT) & 0b11) === 3) throw malformed('will QoS 3');
  // [MQTT-3.1.2-22]; MQTT 5 allows it
  if (version !== ProtocolVersion.MQTT_5 && (flags & PASSWORD) !== 0 && (flags & USER_NAME) === 0) {
    throw malformed('password without a user name');
  }
}

function readProperties(reader: WireReader): PropertySet {
  const properties = PropertySet.read(reader, ALLOWED);
  for (const id of [PropertyId.RECEIVE_MAXIMUM, PropertyId.MAXIMUM_PACKET_SIZE]) {
    if (properties.number(id, undefined) === 0) {
      throw new MqttProtocolError(ReasonCode.PROTOCOL_ERROR, `property ${id} is 0`);
    }
  }
  if (
    properties.has(PropertyId.AUTHENTICATION_DATA) &&
    !properties.has(PropertyId.AUTHENTICATION_METHOD)
  ) {
    throw new MqttProtocolError(ReasonCode.PROTOCOL_ERROR, 'authentication data without a method');
  }
  return properties;
}

/**
 * Walks through a complete CONNECT packet.
 * @throws MqttProtocolError for anything that the specification does not allow;
 *   UnsupportedVersionError for a level that is not known
 */
export function readConnectLayout(frame: Buffer): ConnectLayout {
  const reader = readerOfBody(frame, PacketType.CONNECT, 0);
  const start = reader.position;
  const version = readVersion(reader);
  if (version === ProtocolVersion.MQTT_5 && start > 2 && frame[start - 1] === 0) {
    // [MQTT5-1.5.5-1]
    throw malformed('remaining length is not in its shortest form');
  }
  const { flagsAt, absent, spans, ...layout } = readLayout(reader, version);
  const known = absent === 0 ? frame : withoutFlags(frame, flagsAt, absent);
  return { version, ...layout, consistent: withoutProperties(known, spans) };
}

/** Where properties with their length are: start and end. */
type Span = readonly [number, number];

interface Rest {
  readonly flagsAt: number;
  readonly absent: number;
  readonly spans: readonly Span[];
}

/** What follows the protocol level. */
function readLayout(
  reader: WireReader,
  version: ProtocolVersion,
): Pick<ConnectLayout, 'properties' | 'willProperties'> & Rest {
  const isMqtt5 = version === ProtocolVersion.MQTT_5;
  const flagsAt = reader.position;
  const flags = reader.u8('connect flags');
  checkFlags(flags, version);
  reader.u16('keep alive');
  const spans: Span[] = [];
  let start = reader.position;
  const properties = isMqtt5 ? readProperties(reader) : undefined;
  spans.push([start, reader.position]);
  reader.skipString('client identifier');
  let willProperties = NO_WILL_PROPERTIES;
  if ((flags & WILL) !== 0) {
    start = reader.position;
    if (isMqtt5) willProperties = readWillProperties(reader);
    spans.push([start, reader.position]);
    reader.skipString('will topic');
    reader.binary('will payload');
  }
  const absent = skipCredentials(reader, flags, version);
  reader.expectEnd('CONNECT');
  return { properties, willProperties, flagsAt, absent, spans };
}

/**
 * Returns the flags of fields that are not there: in MQTT 3.1 the end of the packet takes precedence over
 * the flags of user name and password (3.1 §3.1, "User name and password flags").
 */
function skipCredentials(reader: WireReader, flags: number, version: ProtocolVersion): number {
  const mayLack = version === ProtocolVersion.MQTT_3_1;
  if ((flags & USER_NAME) !== 0) {
    if (mayLack && reader.remaining === 0) return flags & (USER_NAME | PASSWORD);
    reader.skipString('user name');
  }
  if ((flags & PASSWORD) !== 0) {
    if (mayLack && reader.remaining === 0) return PASSWORD;
    reader.binary('password');
  }
  return 0;
}

/** The packet with property lengths of 0, as far as it has others. */
function withoutProperties(frame: Buffer, spans: readonly Span[]): Buffer {
  const filled = spans.filter(([start, end]) => end - start > 1);
  if (filled.length === 0) return frame;
  const parts: Buffer[] = [];
  let from = bodyStart(frame);
  for (const [start, end] of filled) {
    parts.push(frame.subarray(from, start), NO_PROPERTIES);
    from = end;
  }
  parts.push(frame.subarray(from));
  const body = Buffer.concat(parts);
  const header = Buffer.alloc(1 + MAX_VARINT_BYTES);
  header[0] = frame[0] as number;
  return Buffer.concat([header.subarray(0, writeVarint(header, body.length, 1)), body]);
}

/** Behind the remaining length, which has been read. */
function bodyStart(frame: Buffer): number {
  let at = 1;
  while ((frame[at] as number) >= 0x80) at++;
  return at + 1;
}

function withoutFlags(frame: Buffer, flagsAt: number, absent: number): Buffer {
  const copy = Buffer.from(frame);
  copy[flagsAt] = (copy[flagsAt] as number) & ~absent;
  return copy;
}
