import type { Clock } from '../../common/clock.ts';
import { messageOf } from '../../common/errors.ts';
import type { Logger } from '../../common/logger.ts';
import { TurnShares } from '../../common/turn-shares.ts';
import {
  NO_EXPIRY,
  RECORD_RETAIN,
  RECORD_RETAINED,
  recordExpiry,
  recordPayloadLength,
  recordPayloadStart,
  recordProperties,
  recordPropertiesLength,
  recordPublisher,
  recordPublisherBytes,
  recordQos,
  recordStoreTime,
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

const NO_PROPERTIES = Buffer.alloc(0);
/** Messages handed over in one turn of the event loop, about. */
const TURN_MESSAGES = 2048;
/** Durable messages that may wait for one client while more are read. */
const MOST_WAITING = 256;

/** Of what is sent to one subscription. */
interface Progress {
  /** With the last batch; 0 when there was none. */
  commit: CommitNumber;
  /** That it goes through. */
  cursor: SessionCursor | undefined;
}

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
 * A batch is handed over in the turn that read it, and the peer queue comes before all others until its messages are
 * sent: no message is older than what the subscription itself has delivered. While one batch is being
 * committed the next one is read, unless the client is slow.
 */
export class RetainedSender {
  readonly #parts: RetainedSenderParts;
  /** Sessions that are being served. */
  readonly #running = new Set<Session>();
  readonly #turns = new TurnShares(TURN_MESSAGES);
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
    const { session } = subscription;
    const progress: Progress = { commit: 0, cursor: undefined };
    try {
      let isLast = false;
      while (!isLast) {
        const topics: string[] = [];
        isLast = await nextTopics(walk, topics);
        await this.#sendBatch(subscription, topics, progress, isLast ? done : undefined);
        if (!this.#isHere(session)) return;
      }
      await this.#delivered(progress);
    } finally {
      this.#parts.pump.prefer(session, undefined);
    }
  }

  async #sendBatch(
    subscription: SessionSubscription,
    topics: readonly string[],
    progress: Progress,
    done: (() => void) | undefined,
  ): Promise<void> {
    const { session } = subscription;
    for (let rest = topics; ;) {
      await this.#turns.take(rest.length);
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
      const { count, commit } = this.#handOver(subscription, rest, values);
      rest = rest.slice(count);
      if (rest.length === 0) this.#finish(session, done);
      if (commit > 0) await this.#keptUp(session, progress, commit);
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
    topics: readonly string[],
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
      const topic = topics[count] as string;
      if (session.mayReceive?.(topic) === false) continue;
      const qos = qosOf(value, subscription);
      if (qos > 0) {
        commit = this.#append(subscription, topic, value, qos);
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
  #append(
    { session, options }: SessionSubscription,
    topic: string,
    value: Buffer,
    qos: number,
  ): CommitNumber {
    const { store, pump, stats } = this.#parts;
    const cursor = session.peerCursor as SessionCursor;
    const at = RETAINED_RECORD_AT;
    const { subscriptionId } = options;
    stats.retainedSent++;
    pump.prefer(session, cursor);
    if (
      store.appendToQueue !== undefined &&
      subscriptionId === 0 &&
      recordQos(value, at) === qos &&
      recordExpiry(value, at) === NO_EXPIRY
    ) {
      return store.appendToQueue(cursor.queue, value, at);
    }
    const stored =
      recordPropertiesLength(value, at) === 0 ? NO_PROPERTIES : recordProperties(value, at);
    return store.append(
      store.directTopic(topic, cursor.queue),
      qos | RECORD_RETAIN | RECORD_RETAINED,
      recordPublisherBytes(value, at),
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

  /** Until the batch before is durable, and not too much is waiting for the client. */
  async #keptUp(session: Session, progress: Progress, commit: CommitNumber): Promise<void> {
    const before = progress.commit;
    const cursor = session.peerCursor as SessionCursor;
    progress.commit = commit;
    progress.cursor = cursor;
    if (before > 0) await this.#parts.store.committed(before);
    if (cursor.queue.maxOffset - cursor.offset > MOST_WAITING) await idle(cursor);
  }

  /** Until what was appended is on its way to the client, or the session has gone. */
  async #delivered({ commit, cursor }: Progress): Promise<void> {
    if (cursor === undefined) return;
    await this.#parts.store.committed(commit);
    await idle(cursor);
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

/** Until all that is durable is on its way to the client, or the session has gone. */
async function idle(cursor: SessionCursor): Promise<void> {
  if (cursor.state === CursorState.CAUGHT_UP || cursor.state === CursorState.CLOSED) return;
  await new Promise<void>((resolve) => {
    cursor.onIdle = resolve;
  });
  cursor.onIdle = undefined;
}

/** Effective QoS [MQTT-3.8.4-6]; 0 for a message that has gone. */
function qosOf(value: Buffer | undefined, { qos }: SessionSubscription): number {
  return value === undefined ? 0 : Math.min(recordQos(value, RETAINED_RECORD_AT), qos);
}
