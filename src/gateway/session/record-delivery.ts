import type { Clock } from '../../common/clock.ts';
import {
  NO_EXPIRY,
  recordExpiry,
  recordPayloadLength,
  recordRetain,
  recordRetained,
  recordStoreTime,
} from '../../lmq/spi/record.ts';
import { LARGEST_PACKET } from '../codec/connect-packet.ts';
import { ProtocolVersion } from '../codec/protocol-version.ts';
import { PUBLISH_BYTE, RETAIN_FLAG } from '../codec/publish-encoder.ts';
import { encodeRecord, encodeRecord5, recordSize5 } from '../codec/record-encoder.ts';
import type { GatewayStats } from '../gateway-stats.ts';
import type { DeliverHooks } from '../hooks/deliver-hooks.ts';
import { encodeAliasedRecord5 } from './aliased-record.ts';
import type { SessionCursor, SessionLink } from './session.ts';

const QOS_2 = 0b100;

/** What it takes to encode a message for somebody: a cursor, or a subscription without one. */
export type Subscriber = Pick<SessionCursor, 'options'>;

/** Decides whether a record goes to a subscriber, and in which form; encodes it. */
export class RecordDelivery {
  readonly #stats: GatewayStats;
  readonly #clock: Clock;
  readonly #hooks: DeliverHooks | undefined;
  /** The time in a batch, once it has been looked at; 0 before that, -1 outside of batches. */
  #batchTime = -1;

  constructor(stats: GatewayStats, clock: Clock, hooks?: DeliverHooks) {
    this.#stats = stats;
    this.#clock = clock;
    this.#hooks = hooks;
  }

  /** Whether each record may be changed or withheld for each subscriber. */
  get isHooked(): boolean {
    return this.#hooks !== undefined;
  }

  /** Until `endBatch` the time stands still. */
  beginBatch(): void {
    this.#batchTime = 0;
  }

  endBatch(): void {
    this.#batchTime = -1;
  }

  /** PUBLISH byte without DUP: QoS, and RETAIN where the subscription wants it as published. */
  firstByte(cursor: Subscriber, qos: number, buffer: Buffer, position: number): number {
    const retain =
      recordRetained(buffer, position) ||
      (cursor.options.retainAsPublished && recordRetain(buffer, position));
    return PUBLISH_BYTE | (qos << 1) | (retain ? RETAIN_FLAG : 0);
  }

  /**
   * What the deliver hooks make of a record that is about to be sent: itself, another one at position 0, or
   * nothing.
   */
  outgoing(
    cursor: Subscriber,
    link: SessionLink,
    first: number,
    buffer: Buffer,
    position: number,
  ): Buffer | undefined {
    if (this.#hooks === undefined) return buffer;
    const record = this.#hooks.record(link, first, buffer, position);
    if (record === undefined || record === buffer) return record;
    return this.isTooLarge(cursor, link, first, record, 0) ? undefined : record;
  }

  /** Encodes a record in the form of the link's version. */
  encode(
    cursor: Subscriber,
    link: SessionLink,
    first: number,
    packetId: number,
    buffer: Buffer,
    position: number,
  ): void {
    if (link.version !== ProtocolVersion.MQTT_5) {
      encodeRecord(link.out, first, packetId, buffer, position);
      return;
    }
    const expiry = this.#remainingExpiry(buffer, position);
    const { subscriptionId } = cursor.options;
    const { out, outgoingAliases } = link;
    // Not at QoS 2: clients keep such a message until PUBREL, and some without the name behind the alias.
    if (outgoingAliases !== undefined && (first & QOS_2) === 0) {
      encodeAliasedRecord5(
        out,
        outgoingAliases,
        first,
        packetId,
        buffer,
        position,
        expiry,
        subscriptionId,
      );
      return;
    }
    encodeRecord5(out, first, packetId, buffer, position, expiry, subscriptionId);
  }

  /** Encodes a record, counts it and has it flushed. */
  send(
    subscriber: Subscriber,
    link: SessionLink,
    first: number,
    packetId: number,
    buffer: Buffer,
    position: number,
  ): void {
    this.encode(subscriber, link, first, packetId, buffer, position);
    this.#stats.messagesSent++;
    this.#stats.payloadBytesSent += recordPayloadLength(buffer, position);
    link.wantFlush();
  }

  /** A message that the client cannot take counts as delivered [MQTT-3.1.2-25]. */
  isTooLarge(
    cursor: Subscriber,
    link: SessionLink,
    first: number,
    buffer: Buffer,
    position: number,
  ): boolean {
    if (link.maximumPacketSize >= LARGEST_PACKET) return false;
    const expiry = recordExpiry(buffer, position);
    const { subscriptionId } = cursor.options;
    const size = recordSize5(first, buffer, position, expiry, subscriptionId);
    if (size <= link.maximumPacketSize) return false;
    this.#stats.messagesTooLarge++;
    return true;
  }

  /** Message expiry interval that is left [MQTT-3.3.2-6]. */
  #remainingExpiry(buffer: Buffer, position: number): number {
    const seconds = recordExpiry(buffer, position);
    if (seconds === NO_EXPIRY) return NO_EXPIRY;
    const waited = Math.floor((this.#now() - recordStoreTime(buffer, position)) / 1000);
    return Math.max(0, seconds - Math.max(0, waited));
  }

  /** An expired message is not delivered [MQTT-3.3.2-5]; counts it. */
  isExpired(buffer: Buffer, position: number): boolean {
    const seconds = recordExpiry(buffer, position);
    if (seconds === NO_EXPIRY) return false;
    if (recordStoreTime(buffer, position) + seconds * 1000 > this.#now()) return false;
    this.#stats.messagesExpired++;
    return true;
  }

  /** Looked at once for a batch: the clock costs as much as the encoding of a small packet. */
  #now(): number {
    if (this.#batchTime < 0) return this.#clock.now();
    return (this.#batchTime ||= this.#clock.now());
  }
}
