import type { IConnectPacket } from 'mqtt-packet';
import { isValidTopicName } from '../../common/topic/topic-name.ts';
import { readConnectLayout } from './connect-layout.ts';
import { parseConnect } from './mqtt-packet-connect.ts';
import { PropertyId, PropertySet } from './property-set.ts';
import type { UserProperty } from './property-set.ts';
import { MqttProtocolError } from './protocol-error.ts';
import type { ProtocolVersion } from './protocol-version.ts';
import { ReasonCode } from './reason-code.ts';
import type { Will, WillProperties } from './will.ts';

/** Session expiry interval of a session that never ends. */
export const NEVER_EXPIRES = 0xffff_ffff;

/** Largest packet that MQTT can express: what a client without Maximum Packet Size takes. */
export const LARGEST_PACKET = 268_435_460;

/** CONNECT in the terms of MQTT 5; older versions fill in what they imply. Holds no view of the frame. */
export interface ConnectPacket {
  readonly version: ProtocolVersion;
  /** May be empty: the client asks for one to be made up. */
  readonly clientId: string;
  readonly cleanStart: boolean;
  /** 0 = off. */
  readonly keepAliveSeconds: number;
  /** Before MQTT 5: 0 with clean session, else `NEVER_EXPIRES`. */
  readonly sessionExpirySeconds: number;
  /** Unacknowledged QoS 1 and 2 messages that the client takes at a time. */
  readonly receiveMaximum: number;
  /** Largest packet that the client takes, bytes. */
  readonly maximumPacketSize: number;
  readonly topicAliasMaximum: number;
  readonly requestResponseInformation: boolean;
  readonly requestProblemInformation: boolean;
  readonly authenticationMethod: string | undefined;
  readonly authenticationData: Buffer | undefined;
  /** In order. They are decoded when they are asked for first. */
  readonly userProperties: readonly UserProperty[];
  readonly username: string | undefined;
  readonly password: Buffer | undefined;
  readonly will: Will | undefined;
}

const NO_PROPERTIES = new PropertySet();

function copyOf(bytes: Buffer | string): Buffer {
  return typeof bytes === 'string' ? Buffer.from(bytes) : Buffer.from(bytes);
}

function willOf(will: NonNullable<IConnectPacket['will']>, properties: WillProperties): Will {
  if (!isValidTopicName(will.topic)) {
    throw new MqttProtocolError(ReasonCode.TOPIC_NAME_INVALID, 'will topic is not a topic name');
  }
  return {
    topic: will.topic,
    payload: copyOf(will.payload),
    qos: will.qos ?? 0,
    retain: will.retain ?? false,
    ...properties,
  };
}

function sessionExpiryOf(cleanStart: boolean, properties: PropertySet | undefined): number {
  if (properties !== undefined) return properties.number(PropertyId.SESSION_EXPIRY_INTERVAL, 0);
  return cleanStart ? 0 : NEVER_EXPIRES;
}

/** Protocol name and level of MQTT 5, behind the fixed header. */
const VERSION_5 = Buffer.from([0, 4, 0x4d, 0x51, 0x54, 0x54, 5]);

/** Whether a CONNECT, well-formed or not, names MQTT 5 as its version. */
export function announcesVersion5(frame: Buffer): boolean {
  let at = 1;
  while (at < 4 && (frame[at] as number) >= 0x80) at++;
  return frame.subarray(at + 1, at + 1 + VERSION_5.length).equals(VERSION_5);
}

/**
 * Decodes a CONNECT of MQTT 3.1, 3.1.1 or 5 from one complete packet; all of them are served.
 * @throws UnsupportedVersionError for a known protocol name with an unknown level: answer a CONNACK of
 *   its `connackVersion` [MQTT-3.1.2-2]
 * @throws MqttProtocolError for everything else; before MQTT 5 close without a CONNACK [MQTT-3.1.4-1]
 */
export function decodeConnect(frame: Buffer): ConnectPacket {
  const layout = readConnectLayout(frame);
  const packet = parseConnect(layout.consistent);
  const cleanStart = packet.clean ?? false;
  const properties = layout.properties ?? NO_PROPERTIES;
  return {
    version: layout.version,
    clientId: packet.clientId,
    cleanStart,
    keepAliveSeconds: packet.keepalive ?? 0,
    sessionExpirySeconds: sessionExpiryOf(cleanStart, layout.properties),
    receiveMaximum: properties.number(PropertyId.RECEIVE_MAXIMUM, 0xffff),
    maximumPacketSize: properties.number(PropertyId.MAXIMUM_PACKET_SIZE, LARGEST_PACKET),
    topicAliasMaximum: properties.number(PropertyId.TOPIC_ALIAS_MAXIMUM, 0),
    requestResponseInformation: properties.number(PropertyId.REQUEST_RESPONSE_INFORMATION, 0) === 1,
    requestProblemInformation: properties.number(PropertyId.REQUEST_PROBLEM_INFORMATION, 1) === 1,
    authenticationMethod: properties.text(PropertyId.AUTHENTICATION_METHOD),
    authenticationData: properties.bytes(PropertyId.AUTHENTICATION_DATA),
    get userProperties() {
      return properties.userProperties;
    },
    username: packet.username,
    password: packet.password === undefined ? undefined : copyOf(packet.password),
    will: packet.will === undefined ? undefined : willOf(packet.will, layout.willProperties),
  };
}
