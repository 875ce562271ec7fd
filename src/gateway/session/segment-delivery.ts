import type { Clock } from '../../common/clock.ts';
import {
  NO_EXPIRY,
  RECORD_QOS_MASK,
  recordExpiry,
  recordLength,
  recordStoreTime,
} from '../../lmq/spi/record.ts';
import type { QueueOffset, Segment } from '../../lmq/spi/types.ts';
import { encodeRecord } from '../codec/publish-encoder.ts';
import type { GatewayStats } from '../gateway-stats.ts';
import type { GatewayLimits } from '../options.ts';
import { DeliveryState } from './inflight-window.ts';
import { templateOf, type SegmentTemplate } from './segment-template.ts';
import type { Session, SessionCursor, SessionLink } from './session.ts';

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

/** Gives records of a segment packet identifiers and, unless the session is exact, sends them. */
export class SegmentDelivery {
  readonly #limits: GatewayLimits;
  readonly #stats: GatewayStats;
  readonly #clock: Clock;

  constructor(limits: GatewayLimits, stats: GatewayStats, clock: Clock) {
    this.#limits = limits;
    this.#stats = stats;
    this.#clock = clock;
  }

  /** One batch: moves the cursor over what is in flight now, and what is not to be delivered. */
  deliver(cursor: SessionCursor, segment: Segment, link: SessionLink): void {
    const { session } = cursor;
    const before = session.inflight.tail;
    const template = this.#mayUseTemplate(cursor) ? templateOf(segment, cursor.qos) : undefined;
    cursor.offset =
      template === undefined
        ? this.#deliverEach(cursor, segment, link)
        : this.#deliverTemplate(cursor, segment, template, link);
    cursor.dirty = true;
    // In exact mode the rest is sent when its identifiers are durable.
    const sent = session.sendSlot - before;
    if (sent <= 0) return;
    this.#stats.messagesSent += sent;
    link.wantFlush();
  }

  /** Templates carry no DUP and are sent at once. */
  #mayUseTemplate(cursor: SessionCursor): boolean {
    const { session } = cursor;
    if (session.exact || cursor.offset < cursor.dupBelow) return false;
    return cursor.qos !== 2 || !session.persistent;
  }

  /** Encodes record by record; returns the offset reached. */
  #deliverEach(cursor: SessionCursor, segment: Segment, link: SessionLink): QueueOffset {
    const { session, dupBelow } = cursor;
    const { inflight } = session;
    const { buffer, positions, firstOffset } = segment;
    const { out } = link;
    const { highWater, pullBatchSize } = this.#limits;
    const end = Math.min(firstOffset + segment.count, cursor.offset + pullBatchSize);
    let { offset } = cursor;
    for (; offset < end; offset++) {
      const position = positions[offset - firstOffset] as number;
      const qos = (buffer[position + 5] as number) & RECORD_QOS_MASK;
      // Published at QoS 0: was delivered live, or is not for clients that were away.
      if (qos === 0 || this.#expired(buffer, position)) continue;
      if (isFull(session) || out.byteLength > highWater) break;
      const effective = qos < cursor.qos ? qos : cursor.qos;
      if (effective === 2 && session.persistent) session.exact = true;
      if (session.exact) {
        inflight.add(cursor, offset, effective, DeliveryState.ASSIGNED, segment);
        session.assignedBytes += recordLength(buffer, position);
        continue;
      }
      const slot = inflight.add(cursor, offset, effective, DeliveryState.SENT, undefined);
      encodeRecord(out, buffer, position, effective, offset < dupBelow, inflight.packetId(slot));
      session.sendSlot = slot + 1;
    }
    return offset;
  }

  /** Copies a run of packets that are encoded already and fills in their identifiers. */
  #deliverTemplate(
    cursor: SessionCursor,
    segment: Segment,
    { bytes, ends, packetIdAt }: SegmentTemplate,
    link: SessionLink,
  ): QueueOffset {
    const { inflight } = cursor.session;
    const { buffer, positions, firstOffset } = segment;
    const first = cursor.offset - firstOffset;
    const end = Math.min(segment.count, first + this.#limits.pullBatchSize);
    const start = first === 0 ? 0 : (ends[first - 1] as number);
    let index = first;
    let stop = start;
    const slot = inflight.tail;
    for (; index < end && (ends[index] as number) - start <= TEMPLATE_RUN; index++) {
      if (packetIdAt[index] === 0) continue;
      if (inflight.full) break;
      stop = ends[index] as number;
      const qos = (buffer[(positions[index] as number) + 5] as number) & RECORD_QOS_MASK;
      const effective = qos < cursor.qos ? qos : cursor.qos;
      inflight.add(cursor, firstOffset + index, effective, DeliveryState.SENT, undefined);
    }
    if (stop === start) return firstOffset + index;
    cursor.session.sendSlot = inflight.tail;
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

  #expired(buffer: Buffer, position: number): boolean {
    const seconds = recordExpiry(buffer, position);
    if (seconds === NO_EXPIRY) return false;
    if (recordStoreTime(buffer, position) + seconds * 1000 > this.#clock.now()) return false;
    this.#stats.messagesExpired++;
    return true;
  }
}
