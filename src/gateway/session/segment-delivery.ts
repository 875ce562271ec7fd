import type { Clock } from '../../common/clock.ts';
import {
  NO_EXPIRY,
  RECORD_QOS_MASK,
  recordExpiry,
  recordLength,
  recordPayloadLength,
  recordPublisher,
  recordRetain,
  recordRetained,
  recordStoreTime,
  recordTopic,
} from '../../lmq/spi/record.ts';
import { positionAt } from '../../lmq/spi/record-segment.ts';
import type { QueueOffset, Segment } from '../../lmq/spi/types.ts';
import { LARGEST_PACKET } from '../codec/connect-packet.ts';
import { ProtocolVersion } from '../codec/protocol-version.ts';
import { DUP_FLAG, PUBLISH_BYTE, RETAIN_FLAG } from '../codec/publish-encoder.ts';
import { encodeRecord, encodeRecord5, recordSize5 } from '../codec/record-encoder.ts';
import type { GatewayStats } from '../gateway-stats.ts';
import type { DeliverHooks } from '../hooks/deliver-hooks.ts';
import type { GatewayLimits } from '../options.ts';
import { encodeAliasedRecord5 } from './aliased-record.ts';
import { PLAIN_OPTIONS } from './delivery-options.ts';
import { DeliveryState } from './inflight-window.ts';
import { LARGEST_IN_TEMPLATE, templateOf, type SegmentTemplate } from './segment-template.ts';
import type { Session, SessionCursor, SessionLink } from './session.ts';

const QOS_2 = 0b100;
/** Most bytes copied from a template at a time: must fit a slab. A packet in a template is far smaller. */
const TEMPLATE_RUN = 16 * 1024;
/** Most messages in flight of an exact session. */
const EXACT_WINDOW = 1024;
/** Bytes over which an exact session assigns no more before it has sent some. */
const EXACT_BYTES = 1024 * 1024;

/** An exact session writes its window with each commit, so that one is kept small. */
export function isFull(session: Session): boolean {
  const { inflight } = session;
  if (inflight.full) return true;
  return session.exact && (inflight.size >= EXACT_WINDOW || session.assignedBytes > EXACT_BYTES);
}

/** What it takes to encode a message for somebody: a cursor, or a subscription without one. */
export type Subscriber = Pick<SessionCursor, 'options'>;

/** Gives records of a segment packet identifiers and, unless the session is exact, sends them. */
export class SegmentDelivery {
  readonly #limits: GatewayLimits;
  readonly #stats: GatewayStats;
  readonly #clock: Clock;
  readonly #hooks: DeliverHooks | undefined;
  /** The time in a batch, once it has been looked at; 0 before that, -1 outside of batches. */
  #batchTime = -1;

  constructor(limits: GatewayLimits, stats: GatewayStats, clock: Clock, hooks?: DeliverHooks) {
    this.#hooks = hooks;
    this.#limits = limits;
    this.#stats = stats;
    this.#clock = clock;
  }

  /** One batch: moves the cursor over what is in flight now, and what is not to be delivered. */
  deliver(cursor: SessionCursor, segment: Segment, link: SessionLink): void {
    const { session } = cursor;
    const before = session.inflight.tail;
    const isVersion5 = link.version === ProtocolVersion.MQTT_5;
    const template = this.#mayUseTemplate(cursor, link)
      ? templateOf(segment, cursor.offset, cursor.qos, isVersion5)
      : undefined;
    this.#batchTime = 0;
    try {
      cursor.offset =
        template === undefined
          ? this.#deliverEach(cursor, segment, link)
          : this.#deliverTemplate(cursor, segment, template, link);
    } finally {
      this.#batchTime = -1;
    }
    cursor.dirty = true;
    // In exact mode the rest is sent when its identifiers are durable.
    const sent = session.sendSlot - before;
    if (sent <= 0) return;
    this.#stats.messagesSent += sent;
    link.wantFlush();
  }

  /** Templates carry neither DUP nor anything of a single subscriber, and are sent at once. */
  #mayUseTemplate(cursor: SessionCursor, link: SessionLink): boolean {
    const { session } = cursor;
    if (this.#hooks !== undefined) return false;
    if (session.exact || cursor.offset < cursor.dupBelow) return false;
    if (cursor.options !== PLAIN_OPTIONS || link.maximumPacketSize < LARGEST_IN_TEMPLATE)
      return false;
    if (session.mayReceive !== undefined) return false;
    if (link.outgoingAliases !== undefined) return false;
    return cursor.qos !== 2 || !session.persistent;
  }

  /** Encodes record by record; returns the offset reached. */
  #deliverEach(cursor: SessionCursor, segment: Segment, link: SessionLink): QueueOffset {
    const { session, dupBelow, options } = cursor;
    const { inflight } = session;
    // What is in the peer queue was sent to the client itself.
    const mayReceive = cursor === session.peerCursor ? undefined : session.mayReceive;
    const { buffer, positions, start, firstOffset } = segment;
    const { out } = link;
    const { highWater, pullBatchSize } = this.#limits;
    let end = Math.min(firstOffset + segment.count, cursor.offset + pullBatchSize);
    if (cursor.stopAt >= 0 && cursor.stopAt < end) end = cursor.stopAt;
    let { offset } = cursor;
    for (; offset < end; offset++) {
      const position = positions[start + offset - firstOffset] as number;
      const qos = (buffer[position + 5] as number) & RECORD_QOS_MASK;
      // Published at QoS 0: was delivered live, or is not for clients that were away.
      if (qos === 0 || this.isExpired(buffer, position)) continue;
      if (options !== PLAIN_OPTIONS && isOwn(cursor, buffer, position)) continue;
      if (mayReceive?.(recordTopic(buffer, position)) === false) continue;
      if (isFull(session) || out.byteLength > highWater) break;
      const effective = qos < cursor.qos ? qos : cursor.qos;
      const first = this.firstByte(cursor, effective, buffer, position);
      if (this.isTooLarge(cursor, link, first, buffer, position)) continue;
      if (effective === 2 && session.persistent) session.exact = true;
      if (session.exact) {
        inflight.add(cursor, offset, effective, DeliveryState.ASSIGNED, segment);
        session.assignedBytes += recordLength(buffer, position);
        continue;
      }
      const record = this.outgoing(cursor, link, first, buffer, position);
      if (record === undefined) continue;
      const at = record === buffer ? position : 0;
      const slot = inflight.add(cursor, offset, effective, DeliveryState.SENT, undefined);
      const dup = offset < dupBelow ? DUP_FLAG : 0;
      this.encode(cursor, link, first | dup, inflight.packetId(slot), record, at);
      this.#stats.payloadBytesSent += recordPayloadLength(record, at);
      session.sendSlot = slot + 1;
    }
    return offset;
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

  /** Looked at once for a batch: the clock costs as much as the encoding of a small packet. */
  #now(): number {
    if (this.#batchTime < 0) return this.#clock.now();
    return (this.#batchTime ||= this.#clock.now());
  }

  /** Copies a run of packets that are encoded already and fills in their identifiers. */
  #deliverTemplate(
    cursor: SessionCursor,
    segment: Segment,
    { bytes, ends, payloads, packetIdAt }: SegmentTemplate,
    link: SessionLink,
  ): QueueOffset {
    const { inflight } = cursor.session;
    const { buffer, firstOffset } = segment;
    const first = cursor.offset - firstOffset;
    let end = Math.min(segment.count, first + this.#limits.pullBatchSize);
    if (cursor.stopAt >= 0) end = Math.min(end, cursor.stopAt - firstOffset);
    const start = first === 0 ? 0 : (ends[first - 1] as number);
    let index = first;
    let stop = start;
    const slot = inflight.tail;
    for (; index < end && (ends[index] as number) - start <= TEMPLATE_RUN; index++) {
      if (packetIdAt[index] === 0) continue;
      if (inflight.full) break;
      stop = ends[index] as number;
      const qos =
        (buffer[positionAt(segment, firstOffset + index) + 5] as number) & RECORD_QOS_MASK;
      const effective = qos < cursor.qos ? qos : cursor.qos;
      inflight.add(cursor, firstOffset + index, effective, DeliveryState.SENT, undefined);
    }
    if (stop === start) return firstOffset + index;
    cursor.session.sendSlot = inflight.tail;
    this.#stats.payloadBytesSent +=
      (payloads[index - 1] as number) - (first === 0 ? 0 : (payloads[first - 1] as number));
    const at = link.out.reserve(stop - start);
    const { slab } = link.out;
    bytes.copy(slab, at, start, stop);
    let packetId = inflight.packetId(slot);
    for (let i = first; i < index; i++) {
      const idAt = packetIdAt[i] as number;
      if (idAt === 0) continue;
      slab[at + idAt - start] = packetId >>> 8;
      slab[at + idAt - start + 1] = packetId;
      packetId = packetId === 65535 ? 1 : packetId + 1;
    }
    return firstOffset + index;
  }

  /** An expired message is not delivered [MQTT-3.3.2-5]; counts it. */
  isExpired(buffer: Buffer, position: number): boolean {
    const seconds = recordExpiry(buffer, position);
    if (seconds === NO_EXPIRY) return false;
    if (recordStoreTime(buffer, position) + seconds * 1000 > this.#now()) return false;
    this.#stats.messagesExpired++;
    return true;
  }
}

/** Published by the session itself, which does not want it back. */
function isOwn(cursor: SessionCursor, buffer: Buffer, position: number): boolean {
  return cursor.options.noLocal && recordPublisher(buffer, position) === cursor.session.clientId;
}
