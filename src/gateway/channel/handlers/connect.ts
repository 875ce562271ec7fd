import { randomUUID } from 'node:crypto';
import {
  announcesVersion5,
  type ConnectPacket,
  decodeConnect,
} from '../../codec/connect-packet.ts';
import { BARE_CONNACK_BYTES } from '../../codec/encode-rare.ts';
import { MqttProtocolError } from '../../codec/protocol-error.ts';
import { ProtocolVersion } from '../../codec/protocol-version.ts';
import { ReasonCode } from '../../codec/reason-code.ts';
import { ChannelState, type ProtocolChannel } from '../protocol-channel.ts';
import { acceptConnect } from './accept-connect.ts';
import { connectWithMethod } from './auth.ts';
import { authenticate, credentialsOf } from './authentication.ts';

/**
 * CONNECT: version, identifier, credentials, session, CONNACK, in this order. Nothing that the client
 * names is looked up before it is authenticated.
 */
export async function handleConnect(channel: ProtocolChannel, frame: Buffer): Promise<void> {
  if (announcesVersion5(frame)) {
    // It gets an answer to whatever is wrong with it [MQTT-4.13.2-1]; older versions get none [MQTT-3.1.4-1].
    channel.version = ProtocolVersion.MQTT_5;
    channel.state = ChannelState.CONNECTING;
    // What else it takes is not known before the packet is read.
    channel.maximumPacketSize = BARE_CONNACK_BYTES;
  }
  const packet = decodeConnect(frame);
  channel.version = packet.version;
  channel.maximumPacketSize = packet.maximumPacketSize;
  channel.state = ChannelState.CONNECTING;
  const clientId = effectiveClientId(packet, channel.context.limits.maxClientIdLength);
  if (packet.authenticationMethod !== undefined) {
    await connectWithMethod(channel, packet, clientId);
    return;
  }
  const credentials = credentialsOf(channel, packet, clientId);
  await authenticate(channel, credentials);
  // The connection may have gone while the authenticator was at work.
  if (channel.isClosed()) return;
  await acceptConnect(channel, packet, { clientId, username: credentials.username });
}

function effectiveClientId(packet: ConnectPacket, maxLength: number): string {
  const { clientId } = packet;
  if (clientId === '') {
    // [MQTT-3.1.3-6]; MQTT 5 has it assigned for any session and told in CONNACK [MQTT-3.2.2-16].
    const isAssigned = packet.cleanStart && packet.version !== ProtocolVersion.MQTT_3_1;
    if (isAssigned || packet.version === ProtocolVersion.MQTT_5) {
      return `lmqtt-${randomUUID()}`;
    }
    throw new MqttProtocolError(
      ReasonCode.CLIENT_IDENTIFIER_NOT_VALID,
      'empty client identifier where none is assigned [MQTT-3.1.3-8]',
    );
  }
  if (Buffer.byteLength(clientId) > maxLength) {
    throw new MqttProtocolError(
      ReasonCode.CLIENT_IDENTIFIER_NOT_VALID,
      `client identifier of more than ${String(maxLength)} bytes`,
    );
  }
  return clientId;
}
