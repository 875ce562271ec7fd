import { messageOf } from '../../common/errors.ts';
import { encodeFarewell } from '../codec/encode-rare.ts';
import { ProtocolVersion } from '../codec/protocol-version.ts';
import type { Session } from '../session/session.ts';
import { ChannelState, type ProtocolChannel } from './protocol-channel.ts';

/** Sends DISCONNECT to a connected client of MQTT 5, unless it takes no packet of that size. */
export function sayFarewell(
  channel: ProtocolChannel,
  reasonCode: number,
  reason: string,
  serverReference?: string,
): void {
  if (channel.version !== ProtocolVersion.MQTT_5 || channel.state !== ChannelState.CONNECTED)
    return;
  const most = channel.maximumPacketSize;
  const farewell = encodeFarewell(reasonCode, reason, most, serverReference);
  if (farewell.length <= most) channel.send(farewell);
}

/** Tells log, client events and hooks that a client which had its CONNACK is not connected any more. */
export function tellDisconnected(channel: ProtocolChannel, clientId: string): void {
  const { context, end } = channel;
  context.logger.debug({ clientId, reason: end.reason }, 'client disconnected');
  context.events?.disconnected(channel, end);
  const { hooks } = context;
  hooks?.connections.disconnected(hooks.clients.of(channel), end);
}

/** The connection has gone: its will is due, and its session ends or is saved. */
export function leaveSession(channel: ProtocolChannel, session: Session): void {
  const { context, will } = channel;
  const { clientId, expirySeconds } = session;
  if (will !== undefined) context.wills.connectionEnded(clientId, will, expirySeconds);
  context.sessions.close(session, channel).catch((error: unknown) => {
    context.logger.error({ clientId, error: messageOf(error) }, 'saving the session failed');
  });
}
