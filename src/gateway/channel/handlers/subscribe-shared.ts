import { topicFilterOf } from '../../../common/topic/shared-filter.ts';
import type { Subscription as Requested } from '../../codec/subscribe-packet.ts';
import { openInLanes } from '../../session/lane-queues.ts';
import { sharedCursor } from '../../session/cursor.ts';
import type { DeliveryOptions } from '../../session/delivery-options.ts';
import type { Session } from '../../session/session.ts';
import type { SharedSource } from '../../session/shared-subscriptions.ts';
import { addPart, setCursors, Subscription } from '../../session/subscription.ts';
import type { ProtocolChannel } from '../protocol-channel.ts';

/**
 * A new shared subscription: the session becomes a member of its group (MQTT 5 §4.8.2). There are no
 * retained messages for it (§3.8.4).
 */
export async function subscribeShared(
  channel: ProtocolChannel,
  session: Session,
  { filter, qos, retainHandling }: Pick<Requested, 'filter' | 'qos' | 'retainHandling'>,
  options: DeliveryOptions,
): Promise<void> {
  const { shares, store, stores, stats, sessions } = channel.context;
  const { clientId } = session;
  if (session.lanes !== undefined) {
    await sessions.parts.take(session, stores.spread.lanesOfFilter(topicFilterOf(filter)));
    if (channel.session !== session) return;
  }
  const groups = await shares.acquire(filter, clientId);
  const [{ key, queue: source }] = groups as [SharedSource];
  const lanes = groups.map(({ queue }) => queue.lane);
  const abandon = (): void => {
    for (const lane of lanes) shares.abandon(filter, clientId, lane);
  };
  // A hold of its own: what is in flight may outlive the group.
  const queues = await openInLanes(stores, source.name, lanes).catch((error: unknown) => {
    abandon();
    throw error;
  });
  if (channel.session !== session) {
    for (const queue of queues) store.closeQueue(queue);
    abandon();
    return;
  }
  const [first, ...others] = queues;
  const subscription = new Subscription(session, filter, first, qos, options);
  for (const queue of others) addPart(subscription, queue);
  subscription.retainHandling = retainHandling;
  subscription.isShared = true;
  setCursors(subscription, (queue) => sharedCursor(session, queue, qos, key, options));
  session.subscriptions.set(filter, subscription);
  session.filterBytes += Buffer.byteLength(filter);
  stats.subscriptionsCurrent++;
  shares.join(subscription);
  if (!sessions.growth.isComplete(subscription)) await sessions.growth.complete(subscription);
}
