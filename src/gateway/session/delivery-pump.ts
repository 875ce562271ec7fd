import type { LmqStore } from '../../lmq/spi/lmq-store.ts';
import {
  NO_EXPIRY,
  RECORD_QOS_MASK,
  recordExpiry,
  recordLength,
  recordStoreTime,
} from '../../lmq/spi/record.ts';
import { type Arrival, PullStatus, type Segment } from '../../lmq/spi/types.ts';
import type { Clock } from '../../common/clock.ts';
import { messageOf } from '../../common/errors.ts';
import type { Logger } from '../../common/logger.ts';
import { AckByte } from '../codec/ack-byte.ts';
import { encodeAck, encodeRecord } from '../codec/publish-encoder.ts';
import type { GatewayStats } from '../gateway-stats.ts';
import type { GatewayLimits } from '../options.ts';
import { CursorState } from './cursor.ts';
import { templateOf, type SegmentTemplate } from './segment-template.ts';
import { DeliveryState } from './inflight-window.ts';
import type { Session, SessionLink, SessionCursor } from './session.ts';

/** What the pump asks of whoever saves sessions. */
export interface ProgressLog {
  /** Offsets or in-flight state have changed in a way that only affects redelivery. */
  changed(session: Session): void;
  /** Writes them into the open commit and calls `pump.assigned` when it is durable. */
  saveNow(session: Session): void;
}

/** Most bytes copied from a template at a time: must fit a slab. A packet in a template is far smaller. */
const TEMPLATE_RUN = 16 * 1024;
/** Most messages in flight of an exact session. */
const EXACT_WINDOW = 1024;
/** Bytes over which an exact session assigns no more before it has sent some. */
const EXACT_BYTES = 1024 * 1024;
/** Bytes read from disk at a time for one cursor. */
const PULL_BYTES = 128 * 1024;
const PULL_MESSAGES = 512;

/**
 * Moves records from queues to clients: QoS 1 and 2, in offset order for each subscription. Runs a
 * session when something has changed for it (arrival, acknowledgement, drain, records read) until its
 * cursors are caught up, its window is full or its socket is busy. Nothing here waits or polls.
 */
export class DeliveryPump {
  readonly #store: LmqStore;
  readonly #limits: GatewayLimits;
  readonly #stats: GatewayStats;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #progress: ProgressLog;
  /** Queue id → cursors that read it. */
  readonly #cursors = new Map<number, Set<SessionCursor>>();
  readonly #pulled = new WeakMap<SessionCursor, readonly Segment[]>();
  #scheduled: Session[] = [];

  constructor(
    store: LmqStore,
    limits: GatewayLimits,
    stats: GatewayStats,
    clock: Clock,
    logger: Logger,
    progress: ProgressLog,
  ) {
    this.#store = store;
    this.#limits = limits;
    this.#stats = stats;
    this.#clock = clock;
    this.#logger = logger;
    this.#progress = progress;
  }

  /** Begins to deliver to a cursor at its offset; `run` follows. */
  attach(cursor: SessionCursor): void {
    const same = this.#cursors.get(cursor.queue.id);
    if (same === undefined) this.#cursors.set(cursor.queue.id, new Set([cursor]));
    else same.add(cursor);
    this.#makeReady(cursor);
  }

  /** Stops. The queue stays open: its holder closes it. */
  detach(cursor: SessionCursor): void {
    const same = this.#cursors.get(cursor.queue.id);
    if (same?.delete(cursor) === true && same.size === 0) this.#cursors.delete(cursor.queue.id);
    if (cursor.state === CursorState.RUNNING) {
      const { ready } = cursor.session;
      const index = ready.indexOf(cursor);
      if (index >= 0) ready.splice(index, 1);
    }
    cursor.state = CursorState.CLOSED;
    this.#pulled.delete(cursor);
  }

  /** Whether anyone reads the queue. */
  reads(queueId: number): boolean {
    return this.#cursors.has(queueId);
  }

  /** New records of one queue: wakes its cursors. `runScheduled` follows. */
  arrived(arrival: Arrival): void {
    const cursors = this.#cursors.get(arrival.queue.id);
    if (cursors === undefined) return;
    for (const cursor of cursors) {
      if (cursor.state === CursorState.CAUGHT_UP) this.#wake(cursor);
    }
  }

  /** Packet identifiers given out so far are durable: messages that waited for that are sent. */
  assigned(session: Session, slot: number): void {
    if (slot > session.durableSlot) session.durableSlot = slot;
    this.run(session);
  }

  schedule(session: Session): void {
    if (session.scheduled) return;
    session.scheduled = true;
    this.#scheduled.push(session);
  }

  runScheduled(): void {
    const batch = this.#scheduled;
    if (batch.length === 0) return;
    this.#scheduled = [];
    for (const session of batch) {
      session.scheduled = false;
      this.run(session);
    }
  }

  /** Delivers all that can be delivered now. */
  run(session: Session): void {
    const { link } = session;
    if (link === undefined) return;
    if (!this.#transmit(session, link)) return;
    const { ready } = session;
    const before = session.inflight.tail;
    while (ready.length > 0 && !isFull(session) && this.#hasRoom(link)) {
      if (session.nextReady >= ready.length) session.nextReady = 0;
      const cursor = ready[session.nextReady] as SessionCursor;
      if (this.#step(cursor, link)) session.nextReady++;
      else ready.splice(session.nextReady, 1);
    }
    if (session.inflight.tail === before) return;
    if (session.exact) this.#progress.saveNow(session);
    else if (session.persistent) this.#progress.changed(session);
  }

  /** Delivers one batch of a cursor; false when it is not RUNNING any more. */
  #step(cursor: SessionCursor, link: SessionLink): boolean {
    const segment =
      this.#fromPulled(cursor) ?? this.#store.tail(cursor.queue, cursor.offset);
    if (segment !== undefined) {
      this.#deliver(cursor, segment, link);
      return true;
    }
    if (cursor.offset >= cursor.queue.maxOffset) {
      cursor.state = CursorState.CAUGHT_UP;
      return false;
    }
    cursor.state = CursorState.PULLING;
    void this.#pull(cursor);
    return false;
  }

  #deliver(cursor: SessionCursor, segment: Segment, link: SessionLink): void {
    const { session } = cursor;
    const template = session.exact ? undefined : templateOf(segment, cursor.qos);
    const before = session.inflight.tail;
    cursor.offset =
      template === undefined || (cursor.qos === 2 && session.persistent)
        ? this.#deliverEach(cursor, segment, link)
        : this.#deliverTemplate(cursor, segment, template, link);
    cursor.dirty = true;
    // In exact mode the rest is sent by `#transmit` when its identifiers are durable.
    const sent = session.sendSlot - before;
    if (sent <= 0) return;
    this.#stats.messagesSent += sent;
    link.wantFlush();
  }

  /** Encodes record by record; returns the offset reached. */
  #deliverEach(cursor: SessionCursor, segment: Segment, link: SessionLink): number {
    const { session } = cursor;
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
      encodeRecord(out, buffer, position, effective, false, inflight.packetId(slot));
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
  ): number {
    const { inflight } = cursor.session;
    const { buffer, positions, firstOffset } = segment;
    const { out } = link;
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
    const at = out.reserve(stop - start);
    const { slab } = out;
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

  /**
   * Sends what has a packet identifier and is not sent on this connection: messages of a resumed session
   * again, in their first order with DUP [MQTT-4.4.0-1], and those whose identifier has become durable.
   * True when new messages may follow.
   */
  #transmit(session: Session, link: SessionLink): boolean {
    const { inflight } = session;
    if (session.sendSlot < inflight.head) session.sendSlot = inflight.head;
    while (session.sendSlot < inflight.tail) {
      if (!this.#hasRoom(link)) return false;
      const slot = session.sendSlot;
      const state = inflight.state(slot);
      if (state === DeliveryState.RELEASED) {
        encodeAck(link.out, AckByte.PUBREL, inflight.packetId(slot));
        link.wantFlush();
      } else if (state !== DeliveryState.DONE) {
        if (state === DeliveryState.ASSIGNED && slot >= session.durableSlot) return session.exact;
        if (!this.#send(session, link, slot, state)) return false;
      }
      session.sendSlot = slot + 1;
    }
    return true;
  }

  /** Sends the PUBLISH of a slot; false when its record has to be read first. */
  #send(session: Session, link: SessionLink, slot: number, state: DeliveryState): boolean {
    const { inflight } = session;
    const offset = inflight.offset(slot);
    const segment = inflight.segment(slot) ?? this.#store.tail(inflight.cursor(slot).queue, offset);
    if (segment === undefined) {
      if (!session.fetching) void this.#fetch(session, slot);
      return false;
    }
    const position = segment.positions[offset - segment.firstOffset] as number;
    const dup = state === DeliveryState.SENT;
    encodeRecord(link.out, segment.buffer, position, inflight.qos(slot), dup, inflight.packetId(slot));
    if (!dup) session.assignedBytes -= recordLength(segment.buffer, position);
    inflight.clearSegment(slot);
    inflight.setState(slot, DeliveryState.SENT);
    this.#stats.messagesSent++;
    link.wantFlush();
    return true;
  }

  /** Reads the record of a message that is to be sent again. */
  async #fetch(session: Session, slot: number): Promise<void> {
    const { inflight } = session;
    const cursor = inflight.cursor(slot);
    session.fetching = true;
    try {
      const result = await this.#store.pull(cursor.queue, inflight.offset(slot), 1, 1);
      const segment = result.segments[0];
      // The message may be complete by now.
      if (inflight.find(inflight.packetId(slot)) === slot) {
        if (segment === undefined) {
          this.#stats.messagesLostToRetention++;
          inflight.complete(slot);
        } else {
          inflight.keepSegment(slot, segment);
        }
      }
    } catch (error) {
      this.#failed(session, error);
      return;
    } finally {
      session.fetching = false;
    }
    this.run(session);
  }

  #wake(cursor: SessionCursor): void {
    this.#makeReady(cursor);
    this.schedule(cursor.session);
  }

  #makeReady(cursor: SessionCursor): void {
    cursor.state = CursorState.RUNNING;
    cursor.session.ready.push(cursor);
  }

  /** The segment at the cursor's offset out of what was read from disk. */
  #fromPulled(cursor: SessionCursor): Segment | undefined {
    const segments = this.#pulled.get(cursor);
    if (segments === undefined) return undefined;
    const { offset } = cursor;
    for (const segment of segments) {
      if (offset < segment.firstOffset + segment.count) {
        return offset >= segment.firstOffset ? segment : undefined;
      }
    }
    this.#pulled.delete(cursor);
    return undefined;
  }

  async #pull(cursor: SessionCursor): Promise<void> {
    const { session } = cursor;
    try {
      const result = await this.#store.pull(cursor.queue, cursor.offset, PULL_MESSAGES, PULL_BYTES);
      // Detached while the records were read.
      if (cursor.state !== CursorState.PULLING) return;
      if (result.status === PullStatus.OFFSET_TOO_SMALL) {
        this.#stats.messagesLostToRetention += result.nextOffset - cursor.offset;
      }
      if (result.status === PullStatus.FOUND) this.#pulled.set(cursor, result.segments);
      else cursor.offset = result.nextOffset;
    } catch (error) {
      if (cursor.state !== CursorState.PULLING) return;
      // For the connection that takes the session over.
      this.#makeReady(cursor);
      this.#failed(session, error);
      return;
    }
    this.#wake(cursor);
    this.runScheduled();
  }

  /** The store cannot be read: the client shall come back, here or at another node. */
  #failed(session: Session, error: unknown): void {
    this.#logger.error(
      { clientId: session.clientId, error: messageOf(error) },
      'reading from the store failed, closing the connection',
    );
    session.link?.storeFailed();
  }

  /** Room for one more packet; a full output is sent at once to see whether the socket takes it. */
  #hasRoom(link: SessionLink): boolean {
    if (link.congested) return false;
    if (link.out.byteLength <= this.#limits.highWater) return true;
    link.flush();
    return !link.congested;
  }

  #expired(buffer: Buffer, position: number): boolean {
    const seconds = recordExpiry(buffer, position);
    if (seconds === NO_EXPIRY) return false;
    if (recordStoreTime(buffer, position) + seconds * 1000 > this.#clock.now()) return false;
    this.#stats.messagesExpired++;
    return true;
  }
}

/** An exact session writes its window with each commit, so that one is kept small. */
function isFull(session: Session): boolean {
  const { inflight } = session;
  if (inflight.full) return true;
  return session.exact && (inflight.size >= EXACT_WINDOW || session.assignedBytes > EXACT_BYTES);
}
