import { encodeUnsuback } from '../../codec/encode-rare.ts';
import { ReasonCode } from '../../codec/reason-code.ts';
import { decodeUnsubscribe } from '../../codec/unsubscribe-packet.ts';
import type { Session, SessionCursor, SessionSubscription } from '../../session/session.ts';
import type { ProtocolChannel } from '../protocol-channel.ts';
import { retireCursor } from './retire-cursor.ts';

/** UNSUBSCRIBE: answered even when nothing matched [MQTT-3.10.4-5]. */
export async function handleUnsubscribe(channel: ProtocolChannel, frame: Buffer): Promise<void> {
  const { packetId, filters } = decodeUnsubscribe(frame, channel.version);
  const session = channel.session as Session;
  const { store, sessionLog } = channel.context;
  const { hooks } = channel.context;
  const reasonCodes = filters.map((filter) => {
    const reasonCode = unsubscribe(channel, session, filter);
    const isEnd = reasonCode === ReasonCode.SUCCESS;
    if (isEnd) hooks?.subscriptions.unsubscribed(filter, hooks.clients.of(channel));
    return reasonCode;
  });
  if (session.persistent) await store.committed(sessionLog.saveSession(session));
  if (channel.session !== session) return;
  channel.send(encodeUnsuback(packetId, reasonCodes, channel.version));
  if (channel.context.events !== undefined) tellEvents(channel, filters, reasonCodes);
}

function tellEvents(
  channel: ProtocolChannel,
  filters: readonly string[],
  reasonCodes: readonly number[],
): void {
  for (const [i, filter] of filters.entries()) {
    if (reasonCodes[i] === ReasonCode.SUCCESS) {
      channel.context.events?.unsubscribed(channel, filter);
    }
  }
}

function unsubscribe(channel: ProtocolChannel, session: Session, filter: string): number {
  const subscription = session.subscriptions.get(filter);
  if (subscription === undefined) return ReasonCode.NO_SUBSCRIPTION_EXISTED;
  const { live, pump, store, stats, metadata } = channel.context;
  session.subscriptions.delete(filter);
  session.filterBytes -= Buffer.byteLength(filter);
  stats.subscriptionsCurrent--;
  if (subscription.isShared) {
    unsubscribeShared(channel, session, subscription);
    return ReasonCode.SUCCESS;
  }
  live.remove(subscription);
  const { cursor, queue } = subscription;
  if (cursor === undefined) {
    store.closeQueue(queue);
  } else {
    pump.detach(cursor);
    if (session.persistent) store.deleteOffset(session.clientId, queue);
    retireCursor(store, session, cursor);
  }
  metadata.release(filter, session.persistent);
  return ReasonCode.SUCCESS;
}

/** What it has in flight is completed, the rest of the group's messages are for the others. */
function unsubscribeShared(
  channel: ProtocolChannel,
  session: Session,
  subscription: SessionSubscription,
): void {
  const { shares, store } = channel.context;
  shares.leave(subscription);
  retireCursor(store, session, subscription.cursor as SessionCursor);
  shares.release(subscription.filter, session.clientId, session.persistent);
}
