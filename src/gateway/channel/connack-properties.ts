import { type ConnectPacket, LARGEST_PACKET } from '../codec/connect-packet.ts';
import { type ConnackProperties, encodeConnack } from '../codec/encode-rare.ts';
import { MqttProtocolError } from '../codec/protocol-error.ts';
import { ProtocolVersion } from '../codec/protocol-version.ts';
import { ReasonCode } from '../codec/reason-code.ts';
import type { ChannelContext } from './channel-context.ts';

/** What enhanced authentication adds to a CONNACK [MQTT-4.12.0-5]. */
export interface ConnackAuthentication {
  readonly method: string;
  readonly data: Buffer | undefined;
}

/** What has become of a CONNECT. */
export interface ConnectOutcome {
  readonly packet: ConnectPacket;
  readonly clientId: string;
  readonly expirySeconds: number;
  readonly keepAliveSeconds: number;
  readonly authentication: ConnackAuthentication | undefined;
}

/**
 * The properties of CONNACK (MQTT 5 §3.2.2.3), without those that are at their default. Response Information
 * is optional, and left out when CONNACK would be too large with it.
 * @throws MqttProtocolError PACKET_TOO_LARGE when the client takes no CONNACK of that size
 *   [MQTT5-3.1.2-24]
 */
export function connackProperties(
  outcome: ConnectOutcome,
  context: ChannelContext,
): ConnackProperties | undefined {
  const { packet } = outcome;
  if (packet.version !== ProtocolVersion.MQTT_5) return undefined;
  const needed = neededProperties(outcome, context);
  const responseInformation = responseInformationFor(outcome, context.rules.responseInformation);
  const all = responseInformation === undefined ? needed : { ...needed, responseInformation };
  if (fits(all, packet)) return all;
  if (fits(needed, packet)) return needed;
  throw new MqttProtocolError(
    ReasonCode.PACKET_TOO_LARGE,
    `CONNACK is over the ${String(packet.maximumPacketSize)} bytes that the client takes`,
  );
}

function neededProperties(
  { packet, clientId, expirySeconds, keepAliveSeconds, authentication }: ConnectOutcome,
  { limits }: ChannelContext,
): ConnackProperties {
  const properties: ConnackProperties = {
    receiveMaximum: limits.receiveMaximum,
    maximumPacketSize: limits.maxPacketSize,
    topicAliasMaximum: limits.topicAliasMaximum,
  };
  if (packet.clientId === '') properties.assignedClientIdentifier = clientId;
  if (expirySeconds !== packet.sessionExpirySeconds) {
    properties.sessionExpiryInterval = expirySeconds;
  }
  if (keepAliveSeconds !== packet.keepAliveSeconds) properties.serverKeepAlive = keepAliveSeconds;
  if (authentication !== undefined) {
    properties.authenticationMethod = authentication.method;
    if (authentication.data !== undefined) properties.authenticationData = authentication.data;
  }
  return properties;
}

/** Only for a client that asks [MQTT-3.1.2-28], and whose identifier can be part of a topic name. */
function responseInformationFor(
  { packet, clientId }: ConnectOutcome,
  template: string,
): string | undefined {
  if (template === '' || !packet.requestResponseInformation || /[+#]/.test(clientId)) {
    return undefined;
  }
  return template.replaceAll('{clientId}', () => clientId);
}

function fits(
  properties: ConnackProperties,
  { version, maximumPacketSize }: ConnectPacket,
): boolean {
  if (maximumPacketSize === LARGEST_PACKET) return true;
  const packet = encodeConnack(false, ReasonCode.SUCCESS, version, properties);
  return packet.length <= maximumPacketSize;
}
