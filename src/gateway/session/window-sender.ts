import type { LmqQueueStore } from '../../lmq/spi/lmq-store.ts';
import { recordLength } from '../../lmq/spi/record.ts';
import { positionAt } from '../../lmq/spi/record-segment.ts';
import { AckByte } from '../codec/ack-byte.ts';
import { DUP_FLAG, encodeAck } from '../codec/publish-encoder.ts';
import type { GatewayStats } from '../gateway-stats.ts';
import type { GatewayLimits } from '../options.ts';
import { DeliveryState } from './inflight-window.ts';
import type { SegmentDelivery } from './segment-delivery.ts';
import type { Session, SessionLink } from './session.ts';
import { isAssigned, type SessionLanes } from './session-lanes.ts';

/** Whether there is room for one more packet. A full output buffer is flushed first, since the socket may take it at once. */
export function hasRoom(link: SessionLink, highWater: number): boolean {
  if (link.congested) return false;
  if (link.out.byteLength <= highWater) return true;
  link.flush();
  return !link.congested;
}

/**
 * Sends what has a packet identifier and is not sent on this connection: the messages of a resumed session
 * again, in their first order with DUP [MQTT-4.4.0-1], and those whose identifier has become durable.
 */
export class WindowSender {
  readonly #store: LmqQueueStore;
  readonly #delivery: SegmentDelivery;
  readonly #limits: GatewayLimits;
  readonly #stats: GatewayStats;
  /** Told when a record that was missing has been read, or cannot be. */
  readonly #onRead: (session: Session, error: unknown) => void;

  constructor(
    store: LmqQueueStore,
    delivery: SegmentDelivery,
    limits: GatewayLimits,
    stats: GatewayStats,
    onRead: (session: Session, error: unknown) => void,
  ) {
    this.#store = store;
    this.#delivery = delivery;
    this.#limits = limits;
    this.#stats = stats;
    this.#onRead = onRead;
  }

  /** True when new messages may follow. */
  send(session: Session, link: SessionLink): boolean {
    const { inflight } = session;
    if (session.sendSlot < inflight.head) session.sendSlot = inflight.head;
    // A resumed session may have more in flight than the client takes now [MQTT-3.3.4-9].
    let sent = inflight.size > inflight.limit ? inflight.countBefore(session.sendSlot) : -Infinity;
    const { lanes } = session;
    if (lanes !== undefined && lanes.passedSlot >= 0 && !this.#sendPassed(session, link, lanes)) {
      return false;
    }
    while (session.sendSlot < inflight.tail) {
      if (!hasRoom(link, this.#limits.highWater)) return false;
      const slot = session.sendSlot;
      const state = inflight.state(slot);
      if (state === DeliveryState.RELEASED) {
        encodeAck(link.out, AckByte.PUBREL, inflight.packetId(slot));
        this.#stats.controlPacketsSent++;
        link.wantFlush();
      } else if (state !== DeliveryState.DONE) {
        if (state === DeliveryState.ASSIGNED && slot >= session.durableSlot) {
          if (lanes === undefined) return session.exact;
          if (!isAssigned(session, slot)) {
            if (sent >= inflight.limit) return false;
            sent++;
            // Another store may be quicker with what comes behind it.
            if (lanes.passedSlot < 0) lanes.passedSlot = slot;
            session.sendSlot = slot + 1;
            continue;
          }
        }
        if (sent >= inflight.limit) return false;
        if (!this.#publish(session, link, slot, state)) return false;
      }
      if (inflight.state(slot) !== DeliveryState.DONE) sent++;
      session.sendSlot = slot + 1;
    }
    return true;
  }

  /** Sends what was passed over and has been confirmed since; false when something else has to come first. */
  #sendPassed(session: Session, link: SessionLink, lanes: SessionLanes): boolean {
    const { inflight } = session;
    const end = session.sendSlot;
    let first = -1;
    for (let slot = Math.max(lanes.passedSlot, inflight.head); slot < end; slot++) {
      const state = inflight.state(slot);
      if (state !== DeliveryState.ASSIGNED) continue;
      if (isAssigned(session, slot)) {
        if (hasRoom(link, this.#limits.highWater) && this.#publish(session, link, slot, state)) {
          continue;
        }
        lanes.passedSlot = first < 0 ? slot : first;
        return false;
      }
      if (first < 0) first = slot;
    }
    lanes.passedSlot = first;
    return true;
  }

  /** Sends the PUBLISH of a slot; false when its record has to be read first. */
  #publish(session: Session, link: SessionLink, slot: number, state: DeliveryState): boolean {
    const { inflight } = session;
    const offset = inflight.offset(slot);
    const cursor = inflight.cursor(slot);
    const segment = inflight.segment(slot) ?? this.#store.tail(cursor.queue, offset);
    if (segment === undefined) {
      if (!session.fetching) void this.#read(session, slot);
      return false;
    }
    const { buffer } = segment;
    const position = positionAt(segment, offset);
    const qos = inflight.qos(slot);
    const again = state === DeliveryState.SENT;
    // A QoS 2 message is never given a second identifier, so a new one is not a repetition.
    const dup = again || (qos === 1 && offset < cursor.dupBelow);
    const first = this.#delivery.firstByte(cursor, qos, buffer, position) | (dup ? DUP_FLAG : 0);
    if (!again) session.assignedBytes -= recordLength(buffer, position);
    if (this.#delivery.isTooLarge(cursor, link, first, buffer, position)) {
      inflight.complete(slot);
      return true;
    }
    const record = this.#delivery.outgoing(cursor, link, first, buffer, position);
    if (record === undefined) {
      inflight.complete(slot);
      return true;
    }
    const at = record === buffer ? position : 0;
    this.#delivery.send(cursor, link, first, inflight.packetId(slot), record, at);
    inflight.clearSegment(slot);
    inflight.setState(slot, DeliveryState.SENT);
    return true;
  }

  /** Reads the record of a message that is to be sent again. */
  async #read(session: Session, slot: number): Promise<void> {
    const { inflight } = session;
    const cursor = inflight.cursor(slot);
    session.fetching = true;
    let failure: unknown;
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
      failure = error;
    }
    session.fetching = false;
    this.#onRead(session, failure);
  }
}
