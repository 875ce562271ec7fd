import type { Principal } from '../../../auth/types.ts';
import type { ConnectPacket } from '../../codec/connect-packet.ts';
import { encodeConnack } from '../../codec/encode-rare.ts';
import { MqttProtocolError } from '../../codec/protocol-error.ts';
import { ReasonCode } from '../../codec/reason-code.ts';
import type { Will } from '../../codec/will.ts';
import { OutgoingAliases } from '../../session/outgoing-aliases.ts';
import type { Session } from '../../session/session.ts';
import { Refused } from '../../refusal-log.ts';
import { admitWill, type WillRules } from '../../will/admit-will.ts';
import type { ChannelContext } from '../channel-context.ts';
import { type ConnackAuthentication, connackProperties } from '../connack-properties.ts';
import { keepAliveFor } from '../keep-alive.ts';
import { limitSessionExpiry } from '../limit-session-expiry.ts';
import { ChannelState, type ProtocolChannel } from '../protocol-channel.ts';

/** The rest of CONNECT once it is known who the client is: will, session, CONNACK. */
export async function acceptConnect(
  channel: ProtocolChannel,
  packet: ConnectPacket,
  principal: Principal,
  authentication?: ConnackAuthentication,
): Promise<void> {
  channel.principal = principal;
  const { clientId } = principal;
  const { context } = channel;
  const { sessions, wills, logger, limits, hooks } = context;
  if (hooks !== undefined) {
    await hooks.connections.admit(hooks.clients.of(channel), packet);
    if (channel.isClosed()) return;
  }
  if (packet.will !== undefined) requireWill(channel, packet.will);
  const expirySeconds = limitSessionExpiry(packet.sessionExpirySeconds, context);
  const keepAliveSeconds = keepAliveFor(packet.keepAliveSeconds, packet.version, context.rules);
  const properties = connackProperties(
    { packet, clientId, expirySeconds, keepAliveSeconds, authentication },
    context,
  );
  channel.outgoingAliases = aliasesFor(packet, context);
  requireHome(clientId, context);
  const opening = { clientId, cleanStart: packet.cleanStart, expirySeconds };
  const opened = await sessions.open(opening, channel);
  if (opened === undefined) {
    // It has never been connected: neither an answer nor a will is due.
    channel.takenOver();
    return;
  }
  const { session, present, mayHaveWill } = opened;
  try {
    const hasSession = (): boolean => session.owner === channel;
    await wills.begin(clientId, present, packet.will, expirySeconds, hasSession, mayHaveWill);
  } catch (error) {
    await sessions.close(session, channel);
    throw error;
  }
  if (channel.isClosed()) {
    if (packet.will !== undefined) wills.drop(clientId, packet.will);
    await sessions.close(session, channel);
    return;
  }
  if (context.silent.hasHomeOf(clientId)) {
    // It is closed with the connection, which does not wait for the store.
    channel.session = session;
    if (packet.will !== undefined) wills.drop(clientId, packet.will);
    requireHome(clientId, context);
  }
  // [MQTT-3.3.4-9]: no more in flight than the client says it can take.
  session.inflight.limit = Math.min(limits.maxInflight, packet.receiveMaximum);
  channel.session = session;
  limitDelivery(session, principal, context);
  channel.will = packet.will;
  channel.state = ChannelState.CONNECTED;
  channel.send(encodeConnack(present, ReasonCode.SUCCESS, packet.version, properties));
  channel.startKeepAlive(keepAliveSeconds);
  hooks?.connections.connected(hooks.clients.of(channel));
  logger.debug(
    { clientId, peer: channel.remoteAddress, cleanStart: packet.cleanStart, present },
    'client connected',
  );
  const { cleanStart } = packet;
  context.events?.connected(channel, { cleanStart, keepAliveSeconds, expirySeconds, present });
  sessions.begin(session);
  context.retainedSender.run(session);
}

/** @throws MqttProtocolError when another gateway may have the session soon, and the client should go there */
function requireHome(clientId: string, { silent }: ChannelContext): void {
  if (!silent.hasHomeOf(clientId)) return;
  const reason = 'the store of this session does not answer';
  throw new MqttProtocolError(ReasonCode.SERVER_UNAVAILABLE, reason);
}

/** What the session is sent is up to who has connected now, not to who has subscribed. */
function limitDelivery(session: Session, principal: Principal, context: ChannelContext): void {
  const { authorizer, live } = context;
  if (authorizer?.mayReceive === undefined) return;
  session.mayReceive = (topic) => authorizer.mayReceive?.(principal, topic) !== false;
  // Its subscriptions may have been matched already.
  if (session.subscriptions.size > 0) live.version++;
}

/** [MQTT-3.1.2-26] [MQTT-3.1.2-27] */
function aliasesFor(
  { topicAliasMaximum, maximumPacketSize }: ConnectPacket,
  { limits, stats }: ChannelContext,
): OutgoingAliases | undefined {
  const maximum = Math.min(topicAliasMaximum, limits.topicAliasMaximumOut);
  return maximum === 0 ? undefined : new OutgoingAliases(maximum, maximumPacketSize, stats);
}

/** @throws MqttProtocolError as `admitWill` does */
function requireWill(channel: ProtocolChannel, will: Will): void {
  try {
    admitWill(will, channel.principal, willRules(channel));
  } catch (error) {
    if (error instanceof MqttProtocolError && error.reasonCode === ReasonCode.NOT_AUTHORIZED) {
      channel.context.refusals.report(Refused.CONNECT, channel, error.message, will.topic);
    }
    throw error;
  }
}

function willRules({ context }: ProtocolChannel): WillRules {
  const { metadata, authorizer, limits, rules } = context;
  const { payloadFormatCheck } = rules;
  return { metadata, authorizer, limits, payloadFormatCheck };
}
