import { AuthenticationOutcome, type AuthenticationStep } from '../../../auth/types.ts';
import { type AuthPacket, decodeAuth } from '../../codec/auth-packet.ts';
import type { ConnectPacket } from '../../codec/connect-packet.ts';
import { encodeAuth } from '../../codec/encode-rare.ts';
import { MqttProtocolError } from '../../codec/protocol-error.ts';
import { ReasonCode } from '../../codec/reason-code.ts';
import { Refused } from '../../refusal-log.ts';
import { EnhancedAuthentication } from '../enhanced-authentication.ts';
import { ChannelState, type ProtocolChannel } from '../protocol-channel.ts';
import { acceptConnect } from './accept-connect.ts';
import { authenticatorFailed, credentialsOf } from './authentication.ts';

/**
 * CONNECT with an authentication method: answered with AUTH 0x18 as long as the method wants to know more
 * [MQTT-4.12.0-2], then with CONNACK.
 * @throws MqttProtocolError BAD_AUTHENTICATION_METHOD for a method that is not configured
 *   [MQTT-4.12.0-1], NOT_AUTHORIZED for whoever is not let in [MQTT-4.12.0-4]
 */
export async function connectWithMethod(
  channel: ProtocolChannel,
  packet: ConnectPacket,
  clientId: string,
): Promise<void> {
  const { enhancedAuthenticators, refusals } = channel.context;
  const credentials = credentialsOf(channel, packet, clientId);
  const authenticator = enhancedAuthenticators.get(packet.authenticationMethod ?? '');
  if (authenticator === undefined) {
    const client = { principal: credentials, remoteAddress: channel.remoteAddress };
    refusals.report(Refused.CONNECT, client, 'the authentication method is not configured');
    throw new MqttProtocolError(
      ReasonCode.BAD_AUTHENTICATION_METHOD,
      'the authentication method is not configured [MQTT-4.12.0-1]',
    );
  }
  const authentication = new EnhancedAuthentication(authenticator, credentials, packet);
  channel.authentication = authentication;
  channel.principal = { clientId, username: undefined };
  await goOnConnecting(channel, authentication, authentication.begin(packet.authenticationData));
}

/**
 * AUTH of a client whose CONNECT had a method: the next word of an exchange, or the first of one on an
 * open connection.
 * @throws MqttProtocolError for another method than that of CONNECT [MQTT-4.12.0-5] [MQTT-4.12.1-1], and
 *   when it is not the client's turn
 */
export function handleAuth(channel: ProtocolChannel, frame: Buffer): void {
  const packet = decodeAuth(frame);
  const authentication = channel.authentication as EnhancedAuthentication;
  if (packet.method !== authentication.method) {
    throw unexpected('AUTH with another authentication method than CONNECT [MQTT-4.12.0-5]');
  }
  if (channel.state === ChannelState.CONNECTED) {
    // Not `block`: everything else goes on meanwhile (§4.12.1).
    authenticateAgain(channel, authentication, packet).catch((error: unknown) => {
      channel.fail(error);
    });
    return;
  }
  if (packet.reasonCode !== ReasonCode.CONTINUE_AUTHENTICATION) {
    throw unexpected('re-authentication before CONNACK [MQTT-4.12.0-3]');
  }
  channel.block(goOnConnecting(channel, authentication, authentication.proceed(packet.data)));
}

async function goOnConnecting(
  channel: ProtocolChannel,
  authentication: EnhancedAuthentication,
  work: Promise<AuthenticationStep>,
): Promise<void> {
  const step = await outcomeOf(channel, work);
  const { method, waiting } = authentication;
  // The connection may have gone while the authenticator was at work.
  if (channel.isClosed() || waiting === undefined) return;
  if (step.outcome === AuthenticationOutcome.CONTINUE) {
    ask(channel, method, step.data);
    return;
  }
  authentication.waiting = undefined;
  const { clientId } = channel.principal;
  const principal = { clientId, username: usernameOf(channel, step) };
  await acceptConnect(channel, waiting, principal, { method, data: step.data });
}

/** AUTH on an open connection: its outcome is AUTH 0x00, or the end of the connection [MQTT-4.12.1-2]. */
async function authenticateAgain(
  channel: ProtocolChannel,
  authentication: EnhancedAuthentication,
  { reasonCode, data }: AuthPacket,
): Promise<void> {
  const begins = reasonCode === ReasonCode.RE_AUTHENTICATE;
  const work = begins ? authentication.begin(data) : authentication.proceed(data);
  const step = await outcomeOf(channel, work);
  if (channel.isClosed()) return;
  const { method } = authentication;
  if (step.outcome === AuthenticationOutcome.CONTINUE) {
    ask(channel, method, step.data);
    return;
  }
  if (usernameOf(channel, step) !== channel.principal.username) {
    // What it may do was decided for the other user.
    throw refusal(channel, 're-authentication as another user');
  }
  channel.send(encodeAuth(ReasonCode.SUCCESS, method, step.data));
}

/** @throws MqttProtocolError when the client takes no AUTH of that size [MQTT5-3.1.2-24] */
function ask(channel: ProtocolChannel, method: string, data: Buffer | undefined): void {
  const packet = encodeAuth(ReasonCode.CONTINUE_AUTHENTICATION, method, data);
  if (packet.length > channel.maximumPacketSize) {
    const reason = `AUTH is over the ${String(channel.maximumPacketSize)} bytes that the client takes`;
    throw new MqttProtocolError(ReasonCode.PACKET_TOO_LARGE, reason);
  }
  channel.send(packet);
}

type Accepted = Exclude<AuthenticationStep, { readonly outcome: 'FAILURE' }>;

/** @throws MqttProtocolError for failures of the client, and for those of the authenticator */
async function outcomeOf(
  channel: ProtocolChannel,
  work: Promise<AuthenticationStep>,
): Promise<Accepted> {
  let step: AuthenticationStep;
  try {
    step = await work;
  } catch (error) {
    if (error instanceof MqttProtocolError) throw error;
    throw authenticatorFailed(channel, error);
  }
  if (step.outcome === AuthenticationOutcome.FAILURE) {
    throw refusal(channel, 'authentication failed');
  }
  return step;
}

/** @throws MqttProtocolError when the certificate names someone else */
function usernameOf(
  channel: ProtocolChannel,
  { username }: Extract<AuthenticationStep, { readonly outcome: 'SUCCESS' }>,
): string | undefined {
  const { certificateCommonName } = channel;
  if (certificateCommonName !== undefined && username !== undefined) {
    if (username !== certificateCommonName) {
      throw refusal(channel, 'the certificate is that of another user');
    }
  }
  return username ?? certificateCommonName;
}

function refusal(channel: ProtocolChannel, message: string): MqttProtocolError {
  const { stats, refusals } = channel.context;
  stats.authFailures++;
  refusals.report(Refused.CONNECT, channel, message);
  return new MqttProtocolError(ReasonCode.NOT_AUTHORIZED, message);
}

function unexpected(message: string): MqttProtocolError {
  return new MqttProtocolError(ReasonCode.PROTOCOL_ERROR, message);
}
