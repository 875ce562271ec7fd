import type { Clock } from '../../common/clock.ts';
import { messageOf } from '../../common/errors.ts';
import type { Logger } from '../../common/logger.ts';
import {
  NO_EXPIRY,
  RECORD_RETAIN,
  RECORD_RETAINED,
  recordExpiry,
  recordPayloadLength,
  recordPayloadStart,
  recordProperties,
  recordPublisher,
  recordQos,
  recordStoreTime,
  recordTopic,
  recordTopicLength,
  recordTopicStart,
} from '../../lmq/spi/record.ts';
import type { LmqStore } from '../../lmq/spi/lmq-store.ts';
import type { CommitNumber } from '../../lmq/spi/types.ts';
import { ProtocolVersion } from '../codec/protocol-version.ts';
import { PUBLISH_BYTE, RETAIN_FLAG } from '../codec/publish-encoder.ts';
import { encodeRecord, encodeRecord5, recordSize5 } from '../codec/record-encoder.ts';
import { subscriptionIdProperty } from '../codec/subscription-id.ts';
import type { GatewayStats } from '../gateway-stats.ts';
import type { DeliverHooks } from '../hooks/deliver-hooks.ts';
import type { GatewayLimits } from '../options.ts';
import { encodeAliasedRecord5 } from '../session/aliased-record.ts';
import { CursorState } from '../session/cursor.ts';
import type { DeliveryPump } from '../session/delivery-pump.ts';
import type {
  Session,
  SessionCursor,
  SessionLink,
  SessionSubscription,
} from '../session/session.ts';
import type { SessionLog } from '../session/session-log.ts';
import type { SessionRegistry } from '../session/session-registry.ts';
import { hasRoom } from '../session/window-sender.ts';
import { nextTopics } from './next-topics.ts';
import type { RetainedLookUp } from './retained-look-up.ts';
import { RETAINED_RECORD_AT } from './retained-record.ts';

export interface RetainedSenderParts {
  readonly store: LmqStore;
  readonly retained: RetainedLookUp;
  readonly sessions: SessionRegistry;
  readonly sessionLog: SessionLog;
  readonly pump: DeliveryPump;
  readonly limits: GatewayLimits;
  readonly stats: GatewayStats;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly deliverHooks?: DeliverHooks | undefined;
}

/**
 * Sends retained messages to new subscriptions [MQTT-3.3.1-6], with RETAIN 1 [MQTT-3.3.1-8]. At effective
 * QoS 0 they go straight to the socket while it has room; at QoS 1 and 2 a copy goes to the session's
 * peer queue, so that the packet identifier, the repetition and the crash are those of any other message.
 * A batch is handed over in the turn that read it, and the next one is read when it has been sent: no
 * message is older than what the subscription itself has delivered.
 */
export class RetainedSender {
  readonly #parts: RetainedSenderParts;
  /** Sessions that are being served. */
  readonly #running = new Set<Session>();
  #requests = 0;

  constructor(parts: RetainedSenderParts) {
    this.#parts = parts;
  }

  /** Notes that a subscription is to get what is retained; it is saved with the session. `run` follows. */
  request(subscription: SessionSubscription): void {
    if (!this.#parts.retained.mayMatch(subscription.filter)) return;
    const { session } = subscription;
    session.retainedDue ??= new Map();
    session.retainedDue.set(subscription, ++this.#requests);
  }

  /** Sends what is due to the session: SUBACK, or CONNACK, is in the output. */
  run(session: Session): void {
    if (session.retainedDue === undefined || this.#running.has(session)) return;
    this.#running.add(session);
    this.#serve(session)
      .catch((error: unknown) => {
        this.#parts.logger.error(
          { clientId: session.clientId, error: messageOf(error) },
          'sending retained messages failed, closing the connection',
        );
        session.link?.storeFailed();
      })
      .finally(() => {
        this.#running.delete(session);
      });
  }

  async #serve(session: Session): Promise<void> {
    const due = session.retainedDue as Map<SessionSubscription, number>;
    for (;;) {
      const first = due.entries().next();
      if (first.done === true || !this.#isHere(session)) break;
      const [subscription, request] = first.value;
      await this.#sendAll(subscription, () => {
        // Subscribed again meanwhile: all of them again [MQTT-3.8.4-3].
        if (due.get(subscription) === request) due.delete(subscription);
      });
    }
    if (due.size === 0) session.retainedDue = undefined;
  }

  /** @param done called in the turn of the last message, so that it is saved in one commit with it */
  async #sendAll(subscription: SessionSubscription, done: () => void): Promise<void> {
    const { retained } = this.#parts;
    const ready = retained.ready(subscription.filter);
    if (ready !== undefined) {
      await ready;
      if (!this.#isHere(subscription.session)) return;
    }
    const walk = retained.match(subscription.filter);
    let isLast = false;
    while (!isLast) {
      const topics: string[] = [];
      isLast = await nextTopics(walk, topics);
      await this.#sendBatch(subscription, topics, isLast ? done : undefined);
      if (!this.#isHere(subscription.session)) return;
    }
  }

  async #sendBatch(
    subscription: SessionSubscription,
    topics: readonly string[],
    done: (() => void) | undefined,
  ): Promise<void> {
    const { session } = subscription;
    for (let rest = topics; ;) {
      const values = await this.#parts.retained.read(rest);
      if (!this.#isHere(session)) return;
      if (session.subscriptions.get(subscription.filter) !== subscription) {
        this.#finish(session, done);
        return;
      }
      if (session.peerCursor === undefined && values.some((value) => qosOf(value, subscription))) {
        await this.#parts.sessions.peerQueues.read(session);
        continue;
      }
      const { count, commit } = this.#handOver(subscription, values);
      rest = rest.slice(count);
      if (rest.length === 0) this.#finish(session, done);
      if (commit > 0) await this.#delivered(session, commit);
      if (rest.length === 0) return;
      await this.#drained(session);
    }
  }

  #isHere(session: Session): boolean {
    return this.#parts.sessions.connected(session.clientId) === session;
  }

  #finish(session: Session, done: (() => void) | undefined): void {
    if (done === undefined) return;
    done();
    if (session.persistent) this.#parts.sessionLog.saveSession(session);
  }

  /** Sends or appends until the socket is full; `count` are done. */
  #handOver(
    subscription: SessionSubscription,
    values: readonly (Buffer | undefined)[],
  ): { count: number; commit: CommitNumber } {
    const { session, options } = subscription;
    const { highWater } = this.#parts.limits;
    let commit = 0;
    let count = 0;
    for (; count < values.length; count++) {
      const value = values[count];
      if (value === undefined) continue;
      if (options.noLocal && recordPublisher(value, RETAINED_RECORD_AT) === session.clientId) {
        continue;
      }
      if (session.mayReceive?.(recordTopic(value, RETAINED_RECORD_AT)) === false) continue;
      const qos = qosOf(value, subscription);
      if (qos > 0) {
        commit = this.#append(subscription, value, qos);
        continue;
      }
      const { link } = session;
      // Between two connections of the client: QoS 0 is not kept for it.
      if (link === undefined) continue;
      if (!hasRoom(link, highWater)) break;
      this.#sendNow(link, value, options.subscriptionId);
    }
    return { count, commit };
  }

  #sendNow(link: SessionLink, retained: Buffer, subscriptionId: number): void {
    const { stats, deliverHooks: hooks } = this.#parts;
    const first = PUBLISH_BYTE | RETAIN_FLAG;
    const value =
      hooks === undefined ? retained : hooks.record(link, first, retained, RETAINED_RECORD_AT);
    if (value === undefined) return;
    const at = value === retained ? RETAINED_RECORD_AT : 0;
    if (link.version === ProtocolVersion.MQTT_5) {
      const expiry = this.#remainingExpiry(retained);
      const size = recordSize5(first, value, at, expiry, subscriptionId);
      if (size > link.maximumPacketSize) {
        stats.messagesTooLarge++;
        return;
      }
      const { out, outgoingAliases: aliases } = link;
      if (aliases === undefined) encodeRecord5(out, first, 0, value, at, expiry, subscriptionId);
      else encodeAliasedRecord5(out, aliases, first, 0, value, at, expiry, subscriptionId);
    } else {
      encodeRecord(link.out, first, 0, value, at);
    }
    stats.messagesSent++;
    stats.payloadBytesSent += recordPayloadLength(value, at);
    stats.retainedSent++;
    link.wantFlush();
  }

  /** A copy to the peer queue, at the effective QoS and with what the subscription adds to it. */
  #append({ session, options }: SessionSubscription, value: Buffer, qos: number): CommitNumber {
    const { store, pump, stats } = this.#parts;
    const cursor = session.peerCursor as SessionCursor;
    const at = RETAINED_RECORD_AT;
    const topicStart = recordTopicStart(at);
    const topicEnd = topicStart + recordTopicLength(value, at);
    const stored = recordProperties(value, at);
    const { subscriptionId } = options;
    stats.retainedSent++;
    pump.prefer(session, cursor);
    return store.append(
      store.directTopic(value.toString('utf8', topicStart, topicEnd), cursor.queue),
      qos | RECORD_RETAIN | RECORD_RETAINED,
      Buffer.from(recordPublisher(value, at)),
      subscriptionId === 0
        ? stored
        : Buffer.concat([subscriptionIdProperty(subscriptionId), stored]),
      this.#remainingExpiry(value),
      value,
      recordPayloadStart(value, at),
      value.length,
    );
  }

  /** Message expiry interval that is left [MQTT-3.3.2-6]. */
  #remainingExpiry(value: Buffer): number {
    const seconds = recordExpiry(value, RETAINED_RECORD_AT);
    if (seconds === NO_EXPIRY) return NO_EXPIRY;
    const waited = this.#parts.clock.now() - recordStoreTime(value, RETAINED_RECORD_AT);
    return Math.max(0, seconds - Math.max(0, Math.floor(waited / 1000)));
  }

  /** Until what was appended is on its way to the client, or the session has gone. */
  async #delivered(session: Session, commit: CommitNumber): Promise<void> {
    const { store, pump } = this.#parts;
    const cursor = session.peerCursor as SessionCursor;
    try {
      await store.committed(commit);
      if (cursor.state === CursorState.CAUGHT_UP || cursor.state === CursorState.CLOSED) return;
      await new Promise<void>((resolve) => {
        cursor.onIdle = resolve;
      });
    } finally {
      cursor.onIdle = undefined;
      pump.prefer(session, undefined);
    }
  }

  /** Until the socket has room, or another connection has come, or the session has gone. */
  async #drained(session: Session): Promise<void> {
    if (session.link?.congested !== true) return;
    await new Promise<void>((resolve) => {
      session.onDrain = resolve;
    });
    session.onDrain = undefined;
  }
}

/** Effective QoS [MQTT-3.8.4-6]; 0 for a message that has gone. */
function qosOf(value: Buffer | undefined, { qos }: SessionSubscription): number {
  return value === undefined ? 0 : Math.min(recordQos(value, RETAINED_RECORD_AT), qos);
}
