import { encodeUnsuback } from '../../codec/encode-rare.ts';
import { ReasonCode } from '../../codec/reason-code.ts';
import { decodeUnsubscribe } from '../../codec/unsubscribe-packet.ts';
import type { Session } from '../../session/session.ts';
import type { ProtocolChannel } from '../protocol-channel.ts';
import { retireCursor } from './retire-cursor.ts';

/** UNSUBSCRIBE: answered even when nothing matched [MQTT-3.10.4-5]. */
export async function handleUnsubscribe(channel: ProtocolChannel, frame: Buffer): Promise<void> {
  const { packetId, filters } = decodeUnsubscribe(frame, channel.version);
  const session = channel.session as Session;
  const { store, sessionLog } = channel.context;
  const reasonCodes = filters.map((filter) => unsubscribe(channel, session, filter));
  if (session.persistent) await store.committed(sessionLog.saveSession(session));
  if (channel.session !== session) return;
  channel.send(encodeUnsuback(packetId, reasonCodes, channel.version));
}

function unsubscribe(channel: ProtocolChannel, session: Session, filter: string): number {
  const subscription = session.subscriptions.get(filter);
  if (subscription === undefined) return ReasonCode.NO_SUBSCRIPTION_EXISTED;
  const { live, pump, store, stats, metadata } = channel.context;
  session.subscriptions.delete(filter);
  session.filterBytes -= Buffer.byteLength(filter);
  live.remove(subscription);
  stats.subscriptionsCurrent--;
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
