import type { Subscription as Requested } from '../../codec/subscribe-packet.ts';
import { sharedCursor } from '../../session/cursor.ts';
import type { DeliveryOptions } from '../../session/delivery-options.ts';
import type { Session } from '../../session/session.ts';
import { Subscription } from '../../session/subscription.ts';
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
  const { shares, store, stats } = channel.context;
  const { clientId, persistent } = session;
  const group = await shares.acquire(filter, clientId, persistent);
  // A hold of its own: what is in flight may outlive the group.
  const queue = await store.openQueue(group.queue.name);
  if (channel.session !== session) {
    store.closeQueue(queue);
    shares.release(filter, clientId, persistent);
    return;
  }
  const subscription = new Subscription(session, filter, queue, qos, options);
  subscription.retainHandling = retainHandling;
  subscription.isShared = true;
  subscription.cursor = sharedCursor(session, queue, qos, group.key, options);
  session.subscriptions.set(filter, subscription);
  session.filterBytes += Buffer.byteLength(filter);
  stats.subscriptionsCurrent++;
  shares.join(subscription);
}
