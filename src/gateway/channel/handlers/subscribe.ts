import { Action } from '../../../auth/types.ts';
import { isSharedFilter, parseSharedFilter } from '../../../common/topic/shared-filter.ts';
import { isValidTopicFilter } from '../../../common/topic/topic-filter.ts';
import { encodeSuback } from '../../codec/encode-rare.ts';
import { MqttProtocolError } from '../../codec/protocol-error.ts';
import { isFailure, ReasonCode } from '../../codec/reason-code.ts';
import { decodeSubscribe, type Subscription as Requested } from '../../codec/subscribe-packet.ts';
import { ProtocolVersion } from '../../codec/protocol-version.ts';
import { type DeliveryOptions, deliveryOptions } from '../../session/delivery-options.ts';
import { Cursor } from '../../session/cursor.ts';
import type { Session, SessionSubscription } from '../../session/session.ts';
import { exceedsTopicLimits } from '../../routing/topic-limits.ts';
import { Subscription } from '../../session/subscription.ts';
import type { ProtocolChannel } from '../protocol-channel.ts';
import { retireCursor } from './retire-cursor.ts';
import { subscribeShared } from './subscribe-shared.ts';

/**
 * SUBSCRIBE: one reason code per filter in order [MQTT-3.8.4-5]; SUBACK when the subscriptions of a
 * persistent session are durable.
 */
export async function handleSubscribe(channel: ProtocolChannel, frame: Buffer): Promise<void> {
  const { packetId, subscriptions, subscriptionId } = decodeSubscribe(frame, channel.version);
  const session = channel.session as Session;
  for (const { filter } of subscriptions) {
    // MQTT 5 answers it in SUBACK (§3.9.3).
    if (channel.version !== ProtocolVersion.MQTT_5 && !isValidTopicFilter(filter)) {
      throw new MqttProtocolError(
        ReasonCode.TOPIC_FILTER_INVALID,
        'invalid topic filter [MQTT-4.7.1-2] [MQTT-4.7.1-3]',
      );
    }
  }
  const reasonCodes: number[] = [];
  for (const asked of subscriptions) {
    let requested = asked;
    let refusal = refuse(channel, session, requested.filter);
    const { hooks } = channel.context;
    if (hooks !== undefined && refusal === undefined) {
      const client = hooks.clients.of(channel);
      const verdict = await hooks.subscriptions.ask(requested, subscriptionId, client);
      if (channel.session !== session) return;
      if ('refusal' in verdict) refusal = verdict.refusal;
      else requested = { ...requested, qos: verdict.granted };
    }
    const options = deliveryOptions({ ...requested, subscriptionId });
    const isNew = !session.subscriptions.has(requested.filter);
    if (refusal === undefined) {
      await subscribe(channel, session, requested, options);
      requestRetained(channel, session, requested, isNew);
    }
    reasonCodes.push(refusal ?? requested.qos);
    // The client has gone, and its session with it.
    if (channel.session !== session) return;
  }
  if (session.persistent) {
    await channel.context.store.committed(channel.context.sessionLog.saveSession(session));
  }
  if (channel.session !== session) return;
  channel.send(encodeSuback(packetId, reasonCodes, channel.version));
  if (channel.context.events !== undefined) {
    for (const [i, requested] of subscriptions.entries()) {
      if (isFailure(reasonCodes[i] as number)) continue;
      channel.context.events.subscribed(channel, requested, subscriptionId);
    }
  }
  channel.context.pump.run(session);
  channel.context.retainedSender.run(session);
}

/** Retained messages follow the SUBACK, again when the filter is there already [MQTT-3.8.4-3], or as retain handling says. */
function requestRetained(
  channel: ProtocolChannel,
  session: Session,
  { filter, retainHandling }: Requested,
  isNew: boolean,
): void {
  const subscription = session.subscriptions.get(filter);
  if (subscription === undefined || subscription.isShared) return;
  if (retainHandling === 2 || (retainHandling === 1 && !isNew)) return;
  channel.context.retainedSender.request(subscription);
}

function refuse(channel: ProtocolChannel, session: Session, filter: string): number | undefined {
  const { limits, authorizer, metadata, stats } = channel.context;
  if (!isValidTopicFilter(filter)) return ReasonCode.TOPIC_FILTER_INVALID;
  const share = parseSharedFilter(filter);
  if (share === undefined && isSharedFilter(filter)) return ReasonCode.TOPIC_FILTER_INVALID;
  const topicFilter = share?.filter ?? filter;
  if (exceedsTopicLimits(filter, Buffer.byteLength(filter), limits)) {
    stats.topicsTooLong++;
    return ReasonCode.TOPIC_FILTER_INVALID;
  }
  if (!session.subscriptions.has(filter)) {
    const bytes = session.filterBytes + Buffer.byteLength(filter);
    if (
      session.subscriptions.size >= limits.maxSubscriptionsPerClient ||
      bytes > limits.maxSubscriptionBytesPerClient
    ) {
      stats.subscriptionsRefused++;
      return ReasonCode.QUOTA_EXCEEDED;
    }
  }
  const { principal } = channel;
  const isShared = share !== undefined;
  if (authorizer?.authorize(principal, Action.SUBSCRIBE, topicFilter, isShared) === false) {
    return ReasonCode.NOT_AUTHORIZED;
  }
  return metadata.subscribable(topicFilter) === 'OK' ? undefined : ReasonCode.TOPIC_FILTER_INVALID;
}

async function subscribe(
  channel: ProtocolChannel,
  session: Session,
  { filter, qos, retainHandling }: Requested,
  options: DeliveryOptions,
): Promise<void> {
  const existing = session.subscriptions.get(filter);
  if (existing !== undefined) {
    existing.options = options;
    existing.retainHandling = retainHandling;
    if (existing.cursor !== undefined) existing.cursor.options = options;
    if (existing.isShared) replaceShared(existing, qos);
    else await replace(channel, existing, qos);
    return;
  }
  if (isSharedFilter(filter)) {
    await subscribeShared(channel, session, { filter, qos, retainHandling }, options);
    return;
  }
  const { metadata, store, live, pump, stats } = channel.context;
  const acquiring = metadata.acquire(filter, session.persistent);
  if (session.persistent) {
    const { noLocal, retainAsPublished, subscriptionId } = options;
    channel.context.sessionLog.saveSession(session, 0, {
      filter,
      qos,
      noLocal,
      retainAsPublished,
      retainHandling,
      subscriptionId,
      retainedDue: false,
    });
  }
  const queue = await acquiring;
  if (channel.session !== session) {
    store.closeQueue(queue);
    metadata.release(filter, session.persistent);
    return;
  }
  const subscription = new Subscription(session, filter, queue, qos, options);
  subscription.retainHandling = retainHandling;
  session.subscriptions.set(filter, subscription);
  session.filterBytes += Buffer.byteLength(filter);
  live.add(subscription);
  stats.subscriptionsCurrent++;
  if (qos === 0) return;
  const cursor = new Cursor(session, queue, qos, queue.nextOffset, options);
  cursor.dirty = true;
  subscription.cursor = cursor;
  pump.attach(cursor);
}

/** The same filter again: the new QoS counts, what is on the way goes on [MQTT-3.8.4-3]. */
async function replace(
  channel: ProtocolChannel,
  subscription: SessionSubscription,
  qos: number,
): Promise<void> {
  const { live, pump, store, sessions } = channel.context;
  const { session, queue, cursor, options } = subscription;
  if (subscription.qos === qos) return;
  subscription.qos = qos;
  // Who gets live messages depends on the QoS: what was matched before is stale.
  live.version++;
  if (cursor !== undefined && qos > 0) {
    cursor.qos = qos;
  } else if (cursor !== undefined) {
    subscription.cursor = undefined;
    pump.detach(cursor);
    if (session.persistent) store.deleteOffset(session.clientId, queue);
    // A hold of its own for the cursor; the subscription keeps the one that it has.
    const own = await store.openQueue(queue.name);
    if (sessions.connected(session.clientId) === session) retireCursor(store, session, cursor);
    else store.closeQueue(own);
  } else {
    subscription.cursor = new Cursor(session, queue, qos, queue.nextOffset, options);
    subscription.cursor.dirty = true;
    pump.attach(subscription.cursor);
  }
}

function replaceShared(subscription: SessionSubscription, qos: number): void {
  subscription.qos = qos;
  if (subscription.cursor !== undefined) subscription.cursor.qos = qos;
}
