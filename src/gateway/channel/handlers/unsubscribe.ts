import { encodeUnsuback } from '../../codec/encode-rare.ts';
import { ReasonCode } from '../../codec/reason-code.ts';
import { decodeUnsubscribe } from '../../codec/unsubscribe-packet.ts';
import type { Session, SessionSubscription } from '../../session/session.ts';
import { releaseFilter } from '../../session/session-wiring.ts';
import { cursorsOf, queuesOf } from '../../session/subscription.ts';
import type { ProtocolChannel } from '../protocol-channel.ts';
import { retireCursor } from './retire-cursor.ts';

/** UNSUBSCRIBE: answered even when nothing matched [MQTT-3.10.4-5]. */
export async function handleUnsubscribe(channel: ProtocolChannel, frame: Buffer): Promise<void> {
  const { metadata, sessionLog, hooks, turns, limits } = channel.context;
  const { version } = channel;
  const { packetId, filters } = decodeUnsubscribe(frame, version, limits.maxFiltersPerPacket);
  const session = channel.session as Session;
  /** A session that is in several stores forgets a subscription before its filter is released. */
  const unsaved: SessionSubscription[] = [];
  const reasonCodes: number[] = [];
  for (const filter of filters) {
    if (turns.isOver) {
      if (reasonCodes.length > 0) await save(channel, session, unsaved);
      await turns.wait();
      if (channel.session !== session) return;
    }
    const reasonCode = unsubscribe(channel, session, filter, unsaved);
    reasonCodes.push(reasonCode);
    const isEnd = reasonCode === ReasonCode.SUCCESS;
    if (isEnd) hooks?.subscriptions.unsubscribed(filter, hooks.clients.of(channel));
  }
  if (session.persistent) await sessionLog.saveDurably(session);
  for (const subscription of unsaved) releaseFilter(metadata, subscription);
  if (channel.session !== session) return;
  channel.send(encodeUnsuback(packetId, reasonCodes, channel.version));
  if (channel.context.events !== undefined) tellEvents(channel, filters, reasonCodes);
}

/** What has been given up so far, before a pause. */
async function save(
  { context }: ProtocolChannel,
  session: Session,
  unsaved: SessionSubscription[],
): Promise<void> {
  const { metadata, sessionLog } = context;
  if (session.lanes === undefined) {
    // In the commit of what has been released: a crash leaves a filter and its use, or neither.
    if (session.persistent) sessionLog.saveSession(session);
    return;
  }
  // Released whatever becomes of the connection meanwhile.
  const given = unsaved.splice(0);
  if (session.persistent) await sessionLog.saveDurably(session);
  for (const subscription of given) releaseFilter(metadata, subscription);
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

/** @param unsaved gets the subscription if its filter is to be released when the session is saved */
function unsubscribe(
  channel: ProtocolChannel,
  session: Session,
  filter: string,
  unsaved: SessionSubscription[],
): number {
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
  // Those of another filter may wait for the client as long as it likes: what comes and goes meanwhile must not gather.
  session.retainedDue?.delete(subscription);
  const cursors = cursorsOf(subscription);
  if (cursors.length === 0) for (const queue of queuesOf(subscription)) store.closeQueue(queue);
  for (const cursor of cursors) {
    pump.detach(cursor);
    if (session.persistent) store.deleteOffset(session.clientId, cursor.queue);
    retireCursor(store, session, cursor);
  }
  if (session.lanes === undefined) releaseFilter(metadata, subscription);
  else unsaved.push(subscription);
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
  for (const cursor of cursorsOf(subscription)) retireCursor(store, session, cursor);
  shares.release(subscription.filter, session.clientId, session.persistent);
}
