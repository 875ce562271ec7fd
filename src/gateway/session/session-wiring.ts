import type { LmqStore } from '../../lmq/spi/lmq-store.ts';
import type { GatewayStats } from '../gateway-stats.ts';
import type { LiveSubscriptions } from '../routing/live-subscriptions.ts';
import type { TopicMetadata } from '../routing/topic-metadata.ts';
import type { DeliveryPump } from './delivery-pump.ts';
import type { Session, SessionSubscription } from './session.ts';
import type { SharedSubscriptions } from './shared-subscriptions.ts';
import { cursorsOf, queuesOf } from './subscription.ts';

export interface SessionWiringParts {
  readonly store: LmqStore;
  readonly metadata: TopicMetadata;
  readonly live: LiveSubscriptions;
  readonly pump: DeliveryPump;
  readonly shares: SharedSubscriptions;
  readonly stats: GatewayStats;
}

/** Connects the subscriptions and cursors of a session with everything that delivers to it, and takes them off. */
export class SessionWiring {
  readonly #parts: SessionWiringParts;

  constructor(parts: SessionWiringParts) {
    this.#parts = parts;
  }

  attach(session: Session): void {
    const { live, pump, stats, shares } = this.#parts;
    for (const subscription of session.subscriptions.values()) {
      stats.subscriptionsCurrent++;
      if (subscription.isShared) {
        shares.join(subscription);
        continue;
      }
      live.add(subscription);
      for (const cursor of cursorsOf(subscription)) pump.attach(cursor);
    }
    if (session.peerCursor !== undefined) pump.attach(session.peerCursor);
  }

  /**
   * Gives everything back that the session holds, but for the filters of one that is in several stores.
   * @param isGone its subscriptions have ended, not only its connection
   */
  detach(session: Session, isGone: boolean): void {
    const { store, live, pump, stats, metadata, shares } = this.#parts;
    const queues = [...session.queues()];
    for (const subscription of session.subscriptions.values()) {
      stats.subscriptionsCurrent--;
      if (subscription.isShared) {
        shares.leave(subscription);
        if (isGone) shares.release(subscription.filter, session.clientId, session.persistent);
        continue;
      }
      live.remove(subscription);
      if (isGone && session.lanes === undefined) {
        releaseFilter(metadata, subscription);
      }
    }
    shares.forget(session);
    pump.detachAll(session);
    for (const queue of queues) store.closeQueue(queue);
  }

  /** Takes the uses of a session's filters back that was in several stores and has ended. */
  releaseFilters(session: Session): void {
    for (const subscription of session.subscriptions.values()) {
      if (!subscription.isShared) releaseFilter(this.#parts.metadata, subscription);
    }
  }
}

/** Takes the uses of a subscription's filter back, one in each store that it reads. */
export function releaseFilter(metadata: TopicMetadata, subscription: SessionSubscription): void {
  const { filter, session } = subscription;
  for (const { lane } of queuesOf(subscription)) {
    metadata.releaseAt(filter, session.persistent, lane);
  }
}
