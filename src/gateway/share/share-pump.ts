import type { Clock } from '../../common/clock.ts';
import { messageOf } from '../../common/errors.ts';
import type { Logger } from '../../common/logger.ts';
import type { Lane } from '../../lmq/spi/lane.ts';
import type { LmqQueueStore } from '../../lmq/spi/lmq-store.ts';
import {
  RECORD_QOS_MASK,
  recordLength,
  recordPublisher,
  recordTopic,
} from '../../lmq/spi/record.ts';
import { positionAt } from '../../lmq/spi/record-segment.ts';
import type { Stores } from '../../lmq/spi/stores.ts';
import { PullStatus, type QueueOffset, type Segment } from '../../lmq/spi/types.ts';
import { DUP_FLAG } from '../codec/publish-encoder.ts';
import type { SilentStores } from '../cluster/silent-stores.ts';
import type { GatewayStats } from '../gateway-stats.ts';
import type { GatewayLimits } from '../options.ts';
import { DeliveryState } from '../session/inflight-window.ts';
import { isFull, type SegmentDelivery } from '../session/segment-delivery.ts';
import type {
  Session,
  SessionCursor,
  SessionLink,
  SessionSubscription,
} from '../session/session.ts';
import type { SessionLog } from '../session/session-log.ts';
import { cursorIn } from '../session/subscription.ts';
import { hasRoom } from '../session/window-sender.ts';
import { HeldGroups } from './held-groups.ts';
import { type ShareGroup, ShareState } from './share-group.ts';
import type { ShareLog } from './share-log.ts';
import { hashOf } from './share-strategy.ts';

/** Messages in flight to one session above which the others of its groups get what comes. */
const MEMBER_WINDOW = 1024;
const PULL_BYTES = 128 * 1024;
const PULL_MESSAGES = 512;

export interface SharePumpParts {
  readonly store: LmqQueueStore;
  readonly silent: SilentStores;
  readonly delivery: SegmentDelivery;
  readonly log: ShareLog;
  readonly sessionLog: SessionLog;
  readonly limits: GatewayLimits;
  readonly stats: GatewayStats;
  readonly logger: Logger;
  /** Other gateways hand messages of the group out too; what is published at QoS 0 goes the same way. */
  readonly askForTurn?: ((group: ShareGroup) => void) | undefined;
  readonly stores: Stores;
  readonly clock: Clock;
  /** A group of this gateway in a store. */
  readonly find: (key: string, lane: Lane) => ShareGroup | undefined;
}

/**
 * Hands the messages of groups out to their members, each to one: in the order of the queue, the ones
 * given back first, until the members have no room. Runs a group when messages have arrived, a member has
 * room again or has come.
 */
export class SharePump {
  readonly #parts: SharePumpParts;
  readonly #held: HeldGroups;
  /** Persistent sessions that have got something in this run. */
  readonly #touched = new Set<Session>();

  constructor(parts: SharePumpParts) {
    this.#parts = parts;
    this.#held = new HeldGroups({
      ...parts,
      run: (group) => {
        this.run(group);
      },
    });
  }

  run(group: ShareGroup): void {
    this.#run(group);
    if (group.waiting !== undefined) this.#held.progressed(group);
  }

  #run(group: ShareGroup): void {
    if (group.state === ShareState.PULLING || group.state === ShareState.CLOSED) return;
    if (group.after !== undefined) {
      // Whoever wants the turn may have it.
      group.state = ShareState.CAUGHT_UP;
      this.#held.wait(group, group.after);
      return;
    }
    if (!group.hasTurn) {
      const isWaited =
        group.nextOffset < group.queue.maxOffset && group.members.some(this.#hasRoom);
      // What was given back here only who has the turn can hand out: members of other gateways, if none here has room.
      if (isWaited || group.hasReturned) this.#parts.askForTurn?.(group);
      return;
    }
    // Another gateway may have the turn soon.
    if (this.#parts.silent.has(group.queue.lane)) return;
    const before = group.nextOffset;
    while (this.#step(group));
    if (group.nextOffset !== before) this.#parts.log.changed(group);
    if (this.#touched.size > 0) this.#settle();
  }

  /** Hands out one batch; false when that is all for now. */
  #step(group: ShareGroup): boolean {
    const { queue, nextOffset } = group;
    if (group.members.length === 0) return this.#rest(group, ShareState.BLOCKED);
    if (nextOffset >= queue.maxOffset) return this.#rest(group, ShareState.CAUGHT_UP);
    const segment = group.segmentAt(nextOffset) ?? this.#parts.store.tail(queue, nextOffset);
    if (segment === undefined) {
      group.state = ShareState.PULLING;
      void this.#pull(group);
      return false;
    }
    const isDone = group.hasReturned
      ? this.#handOutReturned(group, segment)
      : this.#handOut(group, segment);
    return isDone || this.#rest(group, ShareState.BLOCKED);
  }

  #rest(group: ShareGroup, state: ShareState): false {
    group.state = state;
    return false;
  }

  /** New messages of a segment; false when a message has to wait. */
  #handOut(group: ShareGroup, segment: Segment): boolean {
    const end = segment.firstOffset + segment.count;
    for (let { offset } = group; offset < end; offset++) {
      if (this.#give(group, segment, offset)) continue;
      group.offset = offset;
      return false;
    }
    group.offset = end;
    return true;
  }

  #handOutReturned(group: ShareGroup, segment: Segment): boolean {
    if (!this.#give(group, segment, group.nextOffset)) return false;
    group.takeReturned();
    return true;
  }

  /** One message to one member; false when it has to wait. */
  #give(group: ShareGroup, segment: Segment, offset: QueueOffset): boolean {
    const { delivery } = this.#parts;
    const { buffer } = segment;
    const position = positionAt(segment, offset);
    const qos = (buffer[position + 5] as number) & RECORD_QOS_MASK;
    // Published at QoS 0: was delivered live.
    if ((qos === 0 && this.#parts.askForTurn === undefined) || delivery.isExpired(buffer, position))
      return true;
    const { hashed } = group.strategy;
    const hash =
      hashed === undefined
        ? 0
        : hashOf(
            hashed === 'topic' ? recordTopic(buffer, position) : recordPublisher(buffer, position),
          );
    const chosen = group.strategy.choose(group.members, hash, this.#hasRoom);
    if (chosen === undefined) return qos === 0 && this.#dropped();
    if (this.#send(group, chosen, segment, offset, qos)) return true;
    // Not for that client, or too large: another one may take it [MQTT-3.1.2-25].
    for (const member of group.members) {
      if (member === chosen || !this.#hasRoom(member)) continue;
      if (this.#send(group, member, segment, offset, qos)) break;
    }
    return true;
  }

  #dropped(): true {
    this.#parts.stats.qos0Dropped++;
    return true;
  }

  /** False when the client may not have the message, or does not take a packet of that size. */
  #send(
    { queue }: ShareGroup,
    member: SessionSubscription,
    segment: Segment,
    offset: QueueOffset,
    published: number,
  ): boolean {
    const { delivery } = this.#parts;
    const { session, qos: granted } = member;
    const link = session.link as SessionLink;
    const own = cursorIn(member, queue.lane) as SessionCursor;
    const { buffer } = segment;
    const position = positionAt(segment, offset);
    if (session.mayReceive?.(recordTopic(buffer, position)) === false) return false;
    const qos = published < granted ? published : granted;
    const first = delivery.firstByte(own, qos, buffer, position);
    if (delivery.isTooLarge(own, link, first, buffer, position)) return false;
    if (qos === 2 && session.persistent) session.exact = true;
    const { inflight } = session;
    if (qos > 0 && session.exact) {
      this.#touched.add(session);
      inflight.add(own, offset, qos, DeliveryState.ASSIGNED, segment);
      session.assignedBytes += recordLength(buffer, position);
      return true;
    }
    const record = delivery.outgoing(own, link, first, buffer, position);
    if (record === undefined) return false;
    let packetId = 0;
    if (qos > 0) {
      if (session.persistent) this.#touched.add(session);
      const slot = inflight.add(own, offset, qos, DeliveryState.SENT, undefined);
      packetId = inflight.packetId(slot);
      session.sendSlot = slot + 1;
    }
    const at = record === buffer ? position : 0;
    // Who got it before a crash is not known: perhaps this client [MQTT-3.3.1-1].
    const dup = qos > 0 && offset < own.dupBelow ? DUP_FLAG : 0;
    delivery.send(own, link, first | dup, packetId, record, at);
    return true;
  }

  /** Connected, and neither its window nor its socket is full. */
  readonly #hasRoom = ({ session, qos }: SessionSubscription): boolean => {
    const { link, inflight } = session;
    if (link === undefined) return false;
    if (qos > 0) {
      if (inflight.size >= MEMBER_WINDOW || isFull(session)) return false;
      // What a resumed session has in flight is sent again first.
      if (!session.exact && session.sendSlot < inflight.tail) return false;
    }
    return hasRoom(link, this.#parts.limits.highWater);
  };

  #settle(): void {
    const { sessionLog } = this.#parts;
    for (const session of this.#touched) sessionLog.changed(session);
    for (const session of this.#touched) if (session.exact) sessionLog.saveNow(session);
    this.#touched.clear();
  }

  async #pull(group: ShareGroup): Promise<void> {
    const { store, stats, logger } = this.#parts;
    const offset = group.nextOffset;
    try {
      const result = await store.pull(group.queue, offset, PULL_MESSAGES, PULL_BYTES);
      if (!isPulling(group)) return;
      group.state = ShareState.BLOCKED;
      // Something older may have been given back meanwhile.
      if (group.nextOffset === offset) {
        if (result.status === PullStatus.FOUND) group.pulled = result.segments;
        else stats.messagesLostToRetention += skip(group, result.nextOffset);
      }
    } catch (error) {
      if (!isPulling(group)) return;
      group.state = ShareState.BLOCKED;
      logger.error(
        { group: group.key, error: messageOf(error) },
        'reading from the store failed, closing the connections of the group',
      );
      for (const { session } of [...group.members]) session.link?.storeFailed();
      return;
    }
    this.run(group);
  }
}

/** A function, because the state changes while the caller waits. */
function isPulling({ state }: ShareGroup): boolean {
  return state === ShareState.PULLING;
}

/** Retention has removed what comes next: goes on at `offset`. Returns how many messages that were. */
function skip(group: ShareGroup, offset: QueueOffset): number {
  let skipped = 0;
  while (group.hasReturned && group.nextOffset < offset) {
    group.takeReturned();
    skipped++;
  }
  if (group.hasReturned || group.offset >= offset) return skipped;
  skipped += offset - group.offset;
  group.offset = offset;
  return skipped;
}
