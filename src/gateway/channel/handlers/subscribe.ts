import { Action } from '../../../auth/types.ts';
import { isSharedFilter, parseSharedFilter } from '../../../common/topic/shared-filter.ts';
import { isValidTopicFilter } from '../../../common/topic/topic-filter.ts';
import { encodeSuback } from '../../codec/encode-rare.ts';
import { MqttProtocolError } from '../../codec/protocol-error.ts';
import { isFailure, ReasonCode } from '../../codec/reason-code.ts';
import { decodeSubscribe, type Subscription as Requested } from '../../codec/subscribe-packet.ts';
import { ProtocolVersion } from '../../codec/protocol-version.ts';
import { type DeliveryOptions, deliveryOptions } from '../../session/delivery-options.ts';
import type { Queue } from '../../../lmq/spi/types.ts';
import { Cursor } from '../../session/cursor.ts';
import { holdBack } from '../../session/hold-back.ts';
import { openInLanes } from '../../session/lane-queues.ts';
import type { Session, SessionSubscription } from '../../session/session.ts';
import { Refused } from '../../refusal-log.ts';
import { exceedsTopicLimits } from '../../routing/topic-limits.ts';
import {
  addPart,
  cursorsOf,
  queuesOf,
  setCursors,
  Subscription,
} from '../../session/subscription.ts';
import type { ProtocolChannel } from '../protocol-channel.ts';
import { retireCursor } from './retire-cursor.ts';
import { subscribeShared } from './subscribe-shared.ts';

/**
 * SUBSCRIBE: one reason code per filter in order [MQTT-3.8.4-5]; SUBACK when the subscriptions of a
 * persistent session are durable.
 */
export async function handleSubscribe(channel: ProtocolChannel, frame: Buffer): Promise<void> {
  const { turns, limits, stats } = channel.context;
  const { packetId, subscriptions, subscriptionId, surplus } = decodeSubscribe(
    frame,
    channel.version,
    limits.maxFiltersPerPacket,
  );
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
    if (turns.isOver) {
      await turns.wait();
      if (channel.session !== session) return;
    }
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
    const options = deliveryOptions({ subscriptionId, ...requested });
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
    await channel.context.sessionLog.saveDurably(session);
  }
  if (channel.session !== session) return;
  stats.subscriptionsRefused += surplus;
  const answers =
    surplus === 0
      ? reasonCodes
      : [...reasonCodes, ...new Array<number>(surplus).fill(ReasonCode.QUOTA_EXCEEDED)];
  channel.send(encodeSuback(packetId, answers, channel.version));
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
  const { limits, authorizer, metadata, stats, refusals } = channel.context;
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
    refusals.report(Refused.SUBSCRIBE, channel, 'not authorized to subscribe', filter);
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
    for (const cursor of cursorsOf(existing)) cursor.options = options;
    if (existing.isShared) replaceShared(existing, qos);
    else await replace(channel, existing, qos);
    return;
  }
  if (isSharedFilter(filter)) {
    await subscribeShared(channel, session, { filter, qos, retainHandling }, options);
    return;
  }
  const { metadata, live, stats, sessions } = channel.context;
  const acquiring = metadata.acquire(filter, session.persistent);
  // Of several stores, none has it in one commit with the session: that comes when they all have it.
  if (session.persistent && session.lanes === undefined) {
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
  const queues = await takeQueues(channel, session, filter, acquiring);
  if (queues === undefined) return;
  const [first, ...others] = queues as [Queue, ...Queue[]];
  const subscription = new Subscription(session, filter, first, qos, options);
  for (const queue of others) addPart(subscription, queue);
  subscription.retainHandling = retainHandling;
  session.subscriptions.set(filter, subscription);
  session.filterBytes += Buffer.byteLength(filter);
  live.add(subscription);
  stats.subscriptionsCurrent++;
  if (qos > 0) beginReading(channel, subscription);
  if (!sessions.growth.isComplete(subscription)) await sessions.growth.complete(subscription);
  if (session.lanes === undefined) return;
  for (const { lane } of queuesOf(subscription)) {
    session.lanes.wrote(lane, channel.context.stores.member(lane).openCommit);
  }
}

/**
 * Queues that are being acquired, when the session may have something in their stores; undefined, and given back, when it has
 * ended meanwhile.
 */
async function takeQueues(
  channel: ProtocolChannel,
  session: Session,
  filter: string,
  acquiring: Promise<readonly Queue[]>,
): Promise<readonly Queue[] | undefined> {
  const { metadata, store, stores, sessions } = channel.context;
  const taking =
    session.lanes === undefined
      ? undefined
      : Promise.allSettled([sessions.parts.take(session, stores.spread.lanesOfFilter(filter))]);
  const queues = await acquiring;
  const [taken] = taking === undefined ? [] : await taking;
  const isMine = channel.session === session;
  if (isMine && taken?.status !== 'rejected') return queues;
  for (const queue of queues) {
    store.closeQueue(queue);
    metadata.releaseAt(filter, session.persistent, queue.lane);
  }
  if (isMine && taken?.status === 'rejected') throw taken.reason;
  return undefined;
}

/** The subscription gets a cursor in each of its queues, for what comes from now on. */
function beginReading(channel: ProtocolChannel, subscription: SessionSubscription): void {
  const { pump, stores } = channel.context;
  const { session, qos, options } = subscription;
  setCursors(subscription, (queue) => {
    const cursor = new Cursor(session, queue, qos, queue.nextOffset, options);
    cursor.dirty = true;
    return cursor;
  });
  for (const cursor of cursorsOf(subscription)) {
    holdBack(subscription, cursor, stores.spread);
    pump.attach(cursor);
  }
}

/** The same filter again: the new QoS counts, what is on the way goes on [MQTT-3.8.4-3]. */
async function replace(
  channel: ProtocolChannel,
  subscription: SessionSubscription,
  qos: number,
): Promise<void> {
  const { live, pump, store, stores, sessions } = channel.context;
  const { session, queue } = subscription;
  if (subscription.qos === qos) return;
  subscription.qos = qos;
  const cursors = cursorsOf(subscription);
  // Who gets live messages depends on the QoS: what was matched before is stale.
  live.version++;
  if (cursors.length === 0) {
    beginReading(channel, subscription);
    return;
  }
  if (qos > 0) {
    for (const cursor of cursors) cursor.qos = qos;
    return;
  }
  setCursors(subscription, () => undefined);
  for (const cursor of cursors) {
    pump.detach(cursor);
    if (session.persistent) store.deleteOffset(session.clientId, cursor.queue);
  }
  // A hold of its own for each cursor; the subscription keeps those that it has.
  const lanes = cursors.map((cursor) => cursor.queue.lane);
  const own = await openInLanes(stores, queue.name, lanes);
  if (sessions.connected(session.clientId) === session) {
    for (const cursor of cursors) retireCursor(store, session, cursor);
  } else {
    for (const opened of own) store.closeQueue(opened);
  }
}

function replaceShared(subscription: SessionSubscription, qos: number): void {
  subscription.qos = qos;
  for (const cursor of cursorsOf(subscription)) cursor.qos = qos;
}
