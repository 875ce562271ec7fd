import { messageOf } from '../../common/errors.ts';
import type { Session } from '../session/session.ts';
import type { ProtocolChannel } from './protocol-channel.ts';

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
