import type { LmqQueueStore } from '../../lmq/spi/lmq-store.ts';
import { peerOfQueue } from '../../lmq/spi/queue-name.ts';
import { recordOrigin, recordPublisher, recordQos, recordTopic } from '../../lmq/spi/record.ts';
import { positionAt } from '../../lmq/spi/record-segment.ts';
import type { Stores } from '../../lmq/spi/stores.ts';
import type { Arrival, Segment } from '../../lmq/spi/types.ts';
import type { GatewayStats } from '../gateway-stats.ts';
import type { GatewayLimits } from '../options.ts';
import type { LiveSubscriptions } from '../routing/live-subscriptions.ts';
import { PLAIN_OPTIONS } from '../session/delivery-options.ts';
import type { SegmentDelivery, Subscriber } from '../session/segment-delivery.ts';
import type { Session } from '../session/session.ts';
import type { SessionRegistry } from '../session/session-registry.ts';
import { hasRoom } from '../session/window-sender.ts';

export interface ForeignMessagesParts {
  readonly stores: Stores;
  readonly store: LmqQueueStore;
  readonly live: LiveSubscriptions;
  readonly sessions: SessionRegistry;
  readonly delivery: SegmentDelivery;
  readonly stats: GatewayStats;
  readonly limits: GatewayLimits;
}

const PEER: Subscriber = { options: PLAIN_OPTIONS };

/**
 * Effective QoS 0 of what was published on other gateways: delivered when the store tells of it, to those
 * connected here, if their sockets have room. What is not in memory by then is lost to them, as QoS 0 may be.
 */
export class ForeignMessages {
  readonly #parts: ForeignMessagesParts;

  constructor(parts: ForeignMessagesParts) {
    this.#parts = parts;
  }

  /** New records of one queue. */
  arrived(arrival: Arrival): void {
    const { live, sessions } = this.#parts;
    const { queue } = arrival;
    const subscriptions = live.ofQueue(queue.id);
    if (subscriptions !== undefined) {
      this.#forEach(arrival, subscriptions.size, (segment, position, qos) => {
        for (const subscription of subscriptions) {
          const { session } = subscription;
          if (qos === 0 || subscription.qos === 0)
            this.#send(session, subscription, segment, position);
        }
      });
      return;
    }
    const clientId = peerOfQueue(queue.name);
    const peer = clientId === undefined ? undefined : sessions.connected(clientId);
    if (peer === undefined) return;
    this.#forEach(arrival, 1, (segment, position, qos) => {
      if (qos === 0) this.#send(peer, PEER, segment, position);
    });
  }

  /** The records of an arrival that others have published. */
  #forEach(
    { queue, firstOffset, count }: Arrival,
    receivers: number,
    visit: (segment: Segment, position: number, qos: number) => void,
  ): void {
    const { store, stores, stats } = this.#parts;
    const own = stores.clusterOf(queue.lane)?.origin;
    const end = firstOffset + count;
    for (let offset = firstOffset; offset < end;) {
      const segment = store.tail(queue, offset);
      if (segment === undefined) {
        stats.qos0Dropped += (end - offset) * receivers;
        return;
      }
      const segmentEnd = Math.min(end, segment.firstOffset + segment.count);
      for (; offset < segmentEnd; offset++) {
        const position = positionAt(segment, offset);
        if (recordOrigin(segment.buffer, position) === own) continue;
        visit(segment, position, recordQos(segment.buffer, position));
      }
    }
  }

  #send(session: Session, subscriber: Subscriber, { buffer }: Segment, position: number): void {
    const { delivery, stats, limits } = this.#parts;
    const { link } = session;
    if (link === undefined) return;
    if (!hasRoom(link, limits.highWater)) {
      stats.qos0Dropped++;
      return;
    }
    const { options } = subscriber;
    if (options.noLocal && recordPublisher(buffer, position) === session.clientId) return;
    if (session.mayReceive?.(recordTopic(buffer, position)) === false) return;
    if (delivery.isExpired(buffer, position)) return;
    const first = delivery.firstByte(subscriber, 0, buffer, position);
    if (delivery.isTooLarge(subscriber, link, first, buffer, position)) return;
    const record = delivery.outgoing(subscriber, link, first, buffer, position);
    if (record === undefined) return;
    const at = record === buffer ? position : 0;
    delivery.send(subscriber, link, first, 0, record, at);
  }
}
