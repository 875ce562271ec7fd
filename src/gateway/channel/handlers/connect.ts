import { randomUUID } from 'node:crypto';
import { AuthDecision } from '../../../auth/types.ts';
import { messageOf } from '../../../common/errors.ts';
import { type ConnectPacket, decodeConnect, isServed } from '../../codec/connect-packet.ts';
import { encodeConnack } from '../../codec/encode-rare.ts';
import { MqttProtocolError, UnsupportedVersionError } from '../../codec/protocol-error.ts';
import { ReasonCode } from '../../codec/reason-code.ts';
import { ChannelState, type ProtocolChannel } from '../protocol-channel.ts';

/**
 * CONNECT: version, identifier, credentials, session, CONNACK, in this order. Nothing that the client
 * names is looked up before it is authenticated.
 */
export async function handleConnect(channel: ProtocolChannel, frame: Buffer): Promise<void> {
  const packet = decodeConnect(frame);
  if (!isServed(packet.version)) throw new UnsupportedVersionError('MQTT', packet.version);
  channel.version = packet.version;
  channel.state = ChannelState.CONNECTING;
  const clientId = effectiveClientId(packet, channel.context.limits.maxClientIdLength);
  await authenticate(channel, packet, clientId);
  // The connection may have gone while the authenticator was at work.
  if (channel.isClosed()) return;
  channel.principal = { clientId, username: packet.username };
  const { sessions, logger } = channel.context;
  const { session, present } = await sessions.open(clientId, packet.cleanStart, channel);
  if (channel.isClosed()) {
    await sessions.close(session, channel);
    return;
  }
  channel.session = session;
  channel.state = ChannelState.CONNECTED;
  channel.send(encodeConnack(present, ReasonCode.SUCCESS, packet.version));
  channel.startKeepAlive(packet.keepAliveSeconds);
  logger.debug(
    { clientId, peer: channel.remoteAddress, cleanStart: packet.cleanStart, present },
    'client connected',
  );
  sessions.begin(session);
}

function effectiveClientId(packet: ConnectPacket, maxLength: number): string {
  const { clientId } = packet;
  if (clientId === '') {
    if (packet.cleanStart) return `lmqtt-${randomUUID()}`; // [MQTT-3.1.3-6]
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
      username: packet.username,
      password: packet.password,
      remoteAddress: channel.remoteAddress,
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
