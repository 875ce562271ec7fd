import { randomUUID } from 'node:crypto';
import { AuthDecision } from '../../../auth/types.ts';
import { messageOf } from '../../../common/errors.ts';
import {
  announcesVersion5,
  type ConnectPacket,
  decodeConnect,
} from '../../codec/connect-packet.ts';
import { type ConnackProperties, encodeConnack } from '../../codec/encode-rare.ts';
import { ProtocolVersion } from '../../codec/protocol-version.ts';
import type { GatewayLimits } from '../../options.ts';
import { MqttProtocolError } from '../../codec/protocol-error.ts';
import { ReasonCode } from '../../codec/reason-code.ts';
import { admitWill, type WillRules } from '../../will/admit-will.ts';
import { ChannelState, type ProtocolChannel } from '../protocol-channel.ts';

/**
 * CONNECT: version, identifier, credentials, session, CONNACK, in this order. Nothing that the client
 * names is looked up before it is authenticated.
 */
export async function handleConnect(channel: ProtocolChannel, frame: Buffer): Promise<void> {
  if (announcesVersion5(frame)) {
    // It gets an answer to whatever is wrong with it [MQTT-4.13.2-1]; older versions get none [MQTT-3.1.4-1].
    channel.version = ProtocolVersion.MQTT_5;
    channel.state = ChannelState.CONNECTING;
  }
  const packet = decodeConnect(frame);
  channel.version = packet.version;
  channel.maximumPacketSize = packet.maximumPacketSize;
  channel.state = ChannelState.CONNECTING;
  if (packet.authenticationMethod !== undefined) {
    throw new MqttProtocolError(
      ReasonCode.BAD_AUTHENTICATION_METHOD,
      'no enhanced authentication is configured [MQTT-4.12.0-1]',
    );
  }
  const clientId = effectiveClientId(packet, channel.context.limits.maxClientIdLength);
  await authenticate(channel, packet, clientId);
  // The connection may have gone while the authenticator was at work.
  if (channel.isClosed()) return;
  channel.principal = { clientId, username: channel.certificateCommonName ?? packet.username };
  const { sessions, wills, logger, limits } = channel.context;
  if (packet.will !== undefined) admitWill(packet.will, channel.principal, willRules(channel));
  const expirySeconds = Math.min(packet.sessionExpirySeconds, limits.maxSessionExpirySeconds);
  const opening = { clientId, cleanStart: packet.cleanStart, expirySeconds };
  const { session, present } = await sessions.open(opening, channel);
  try {
    await wills.begin(clientId, present, packet.will, expirySeconds);
  } catch (error) {
    await sessions.close(session, channel);
    throw error;
  }
  if (channel.isClosed()) {
    if (packet.will !== undefined) wills.drop(clientId, packet.will);
    await sessions.close(session, channel);
    return;
  }
  // [MQTT-3.3.4-9]: no more in flight than the client says it can take.
  session.inflight.limit = Math.min(limits.maxInflight, packet.receiveMaximum);
  channel.session = session;
  channel.will = packet.will;
  channel.state = ChannelState.CONNECTED;
  const properties = connackProperties(packet, clientId, expirySeconds, limits);
  channel.send(encodeConnack(present, ReasonCode.SUCCESS, packet.version, properties));
  channel.startKeepAlive(packet.keepAliveSeconds);
  logger.debug(
    { clientId, peer: channel.remoteAddress, cleanStart: packet.cleanStart, present },
    'client connected',
  );
  sessions.begin(session);
  channel.context.retainedSender.run(session);
}

/** What the client has to know of us (MQTT 5 §3.2.2.3); what is left out is at its default. */
function connackProperties(
  packet: ConnectPacket,
  clientId: string,
  expirySeconds: number,
  limits: GatewayLimits,
): ConnackProperties | undefined {
  if (packet.version !== ProtocolVersion.MQTT_5) return undefined;
  return {
    receiveMaximum: limits.receiveMaximum,
    maximumPacketSize: limits.maxPacketSize,
    topicAliasMaximum: limits.topicAliasMaximum,
    sharedSubscriptionAvailable: false,
    ...(packet.clientId === '' ? { assignedClientIdentifier: clientId } : {}),
    ...(expirySeconds === packet.sessionExpirySeconds
      ? {}
      : { sessionExpiryInterval: expirySeconds }),
  };
}

function willRules({ context }: ProtocolChannel): WillRules {
  const { metadata, authorizer, limits } = context;
  return { metadata, authorizer, maxTopicLevels: limits.maxTopicLevels };
}

function effectiveClientId(packet: ConnectPacket, maxLength: number): string {
  const { clientId } = packet;
  if (clientId === '') {
    // [MQTT-3.1.3-6]; MQTT 5 has it assigned for any session and told in CONNACK [MQTT-3.2.2-16].
    if (packet.cleanStart || packet.version === ProtocolVersion.MQTT_5) {
      return `lmqtt-${randomUUID()}`;
    }
    throw new MqttProtocolError(
      ReasonCode.CLIENT_IDENTIFIER_NOT_VALID,
      'empty client identifier without clean session [MQTT-3.1.3-8]',
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

async function authenticate(
  channel: ProtocolChannel,
  packet: ConnectPacket,
  clientId: string,
): Promise<void> {
  const { authenticator, stats, logger } = channel.context;
  let decision: AuthDecision;
  try {
    decision = await authenticator.authenticate({
      clientId,
      username: channel.certificateCommonName ?? packet.username,
      password: packet.password,
      remoteAddress: channel.remoteAddress,
      certificateCommonName: channel.certificateCommonName,
    });
  } catch (error) {
    logger.error({ clientId, error: messageOf(error) }, 'the authenticator failed');
    throw new MqttProtocolError(ReasonCode.SERVER_UNAVAILABLE, 'the authenticator failed', {
      cause: error,
    });
  }
  if (decision === AuthDecision.ALLOW) return;
  stats.authFailures++;
  throw new MqttProtocolError(
    decision === AuthDecision.BAD_CREDENTIALS
      ? ReasonCode.BAD_USER_NAME_OR_PASSWORD
      : ReasonCode.NOT_AUTHORIZED,
    'authentication failed',
  );
}
