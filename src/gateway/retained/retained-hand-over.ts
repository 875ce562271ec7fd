import type { Clock } from '../../common/clock.ts';
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
import type { DeliveryPump } from '../session/delivery-pump.ts';
import type { SessionCursor, SessionLink, SessionSubscription } from '../session/session.ts';
import { hasRoom } from '../session/window-sender.ts';
import { RETAINED_RECORD_AT } from './retained-record.ts';

const NO_PROPERTIES = Buffer.alloc(0);

export interface RetainedHandOverParts {
  readonly store: LmqStore;
  readonly pump: DeliveryPump;
  readonly limits: GatewayLimits;
  readonly stats: GatewayStats;
  readonly clock: Clock;
  readonly deliverHooks?: DeliverHooks | undefined;
}

/** What became of a batch. */
export interface HandedOver {
  /** Messages done; the rest waits for room in the socket. */
  readonly count: number;
  /** That makes them durable; 0 when none goes to the store. */
  readonly commit: CommitNumber;
}

/**
 * Gives retained messages to one subscription, with RETAIN 1 [MQTT-3.3.1-8]. At effective QoS 0 they go straight to
 * the socket while it has room; at QoS 1 and 2 a copy goes to the session's peer queue, so that the packet identifier,
 * the repetition and the crash are those of any other message.
 */
export class RetainedHandOver {
  readonly #parts: RetainedHandOverParts;

  constructor(parts: RetainedHandOverParts) {
    this.#parts = parts;
  }

  /** Sends or appends until the socket is full; `count` are done. */
  take(
    subscription: SessionSubscription,
    topics: readonly string[],
    values: readonly (Buffer | undefined)[],
  ): HandedOver {
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
    const head = {
      flags: qos | RECORD_RETAIN | RECORD_RETAINED,
      publisher: recordPublisherBytes(value, at),
      properties:
        subscriptionId === 0
          ? stored
          : Buffer.concat([subscriptionIdProperty(subscriptionId), stored]),
      expirySeconds: this.#remainingExpiry(value),
    };
    const handle = store.directTopic(topic, cursor.queue);
    return store.append(handle, head, value, recordPayloadStart(value, at), value.length);
  }

  /** Message expiry interval that is left [MQTT-3.3.2-6]. */
  #remainingExpiry(value: Buffer): number {
    const seconds = recordExpiry(value, RETAINED_RECORD_AT);
    if (seconds === NO_EXPIRY) return NO_EXPIRY;
    const waited = this.#parts.clock.now() - recordStoreTime(value, RETAINED_RECORD_AT);
    return Math.max(0, seconds - Math.max(0, Math.floor(waited / 1000)));
  }
}

/** Effective QoS [MQTT-3.8.4-6]; 0 for a message that has gone. */
export function qosOf(value: Buffer | undefined, { qos }: SessionSubscription): number {
  return value === undefined ? 0 : Math.min(recordQos(value, RETAINED_RECORD_AT), qos);
}
