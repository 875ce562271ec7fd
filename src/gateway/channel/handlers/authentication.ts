import { AuthDecision, type Credentials } from '../../../auth/types.ts';
import { messageOf } from '../../../common/errors.ts';
import { Refused } from '../../refusal-log.ts';
import type { ConnectPacket } from '../../codec/connect-packet.ts';
import { MqttProtocolError } from '../../codec/protocol-error.ts';
import { ReasonCode } from '../../codec/reason-code.ts';
import { ChannelState, type ProtocolChannel } from '../protocol-channel.ts';

/** What a client presents with CONNECT and its certificate. */
export function credentialsOf(
  channel: ProtocolChannel,
  packet: ConnectPacket,
  clientId: string,
): Credentials {
  const { certificateCommonName, remoteAddress } = channel;
  const { username, password } = packet;
  return {
    clientId,
    username: certificateCommonName ?? username,
    password,
    remoteAddress,
    certificateCommonName,
  };
}

/**
 * Asks the authenticator about user name and password.
 * @throws MqttProtocolError when it does not let the client in, or fails
 */
export async function authenticate(
  channel: ProtocolChannel,
  credentials: Credentials,
): Promise<void> {
  const { authenticator, stats, refusals } = channel.context;
  let decision: AuthDecision;
  try {
    decision = await authenticator.authenticate(credentials);
  } catch (error) {
    throw authenticatorFailed(channel, error);
  }
  if (decision === AuthDecision.ALLOW) return;
  stats.authFailures++;
  const isBad = decision === AuthDecision.BAD_CREDENTIALS;
  refusals.report(
    Refused.CONNECT,
    { principal: credentials, remoteAddress: channel.remoteAddress },
    isBad ? 'wrong user name or password' : 'not authorized to connect',
  );
  throw new MqttProtocolError(
    isBad ? ReasonCode.BAD_USER_NAME_OR_PASSWORD : ReasonCode.NOT_AUTHORIZED,
    'authentication failed',
  );
}

/** Logs what went wrong, which is not for the client, and returns what it is told. */
export function authenticatorFailed(channel: ProtocolChannel, error: unknown): MqttProtocolError {
  channel.context.logger.error(
    { clientId: channel.principal.clientId, error: messageOf(error) },
    'the authenticator failed',
  );
  // DISCONNECT has no word for a server that is not available.
  const reasonCode =
    channel.state === ChannelState.CONNECTED
      ? ReasonCode.UNSPECIFIED_ERROR
      : ReasonCode.SERVER_UNAVAILABLE;
  return new MqttProtocolError(reasonCode, 'the authenticator failed', { cause: error });
}
