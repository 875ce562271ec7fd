import type { Lane } from '../../lmq/spi/lane.ts';
import type { Queue } from '../../lmq/spi/types.ts';
import type { Cursor } from './cursor.ts';
import { type DeliveryOptions, PLAIN_OPTIONS } from './delivery-options.ts';

/** What a subscription reads in one more store that its filter may lie in. */
export interface SubscriptionPart<Owner> {
  readonly queue: Queue;
  /** As that of the subscription: none at QoS 0. */
  cursor: Cursor<Owner> | undefined;
}

/** One filter of one session. */
export class Subscription<Owner> {
  readonly session: Owner;
  readonly filter: string;
  /** In the oldest store that the filter may lie in. */
  readonly queue: Queue;
  /** Granted QoS. */
  qos: number;
  options: DeliveryOptions;
  /** MQTT 5: 0 sends retained messages, 1 only when new, 2 does not (§3.8.3.1). */
  retainHandling = 0;
  /** Messages come from a shared group, which chooses among its members. */
  isShared = false;
  /** Reads the queue; none at QoS 0, which is delivered as it is published. Of a shared one: always there. */
  cursor: Cursor<Owner> | undefined;
  /** What it reads in the other stores, the oldest first; undefined when there are none. */
  others: SubscriptionPart<Owner>[] | undefined = undefined;

  constructor(
    session: Owner,
    filter: string,
    queue: Queue,
    qos: number,
    options: DeliveryOptions = PLAIN_OPTIONS,
  ) {
    this.session = session;
    this.filter = filter;
    this.queue = queue;
    this.qos = qos;
    this.options = options;
  }
}

/** Has it read one more queue, of a store that is newer than the others. */
export function addPart<Owner>(
  subscription: Subscription<Owner>,
  queue: Queue,
): SubscriptionPart<Owner> {
  const part: SubscriptionPart<Owner> = { queue, cursor: undefined };
  (subscription.others ??= []).push(part);
  return part;
}

/** Gives each queue its cursor, or none; `index` counts them. */
export function setCursors<Owner>(
  subscription: Subscription<Owner>,
  make: (queue: Queue, index: number) => Cursor<Owner> | undefined,
): void {
  subscription.cursor = make(subscription.queue, 0);
  for (const [i, part] of (subscription.others ?? []).entries())
    part.cursor = make(part.queue, i + 1);
}

/** The queues of a subscription, that of the oldest store first. */
export function queuesOf<Owner>({ queue, others }: Subscription<Owner>): Queue[] {
  return others === undefined ? [queue] : [queue, ...others.map((part) => part.queue)];
}

/** The cursors of a subscription, that of the oldest store first; none at QoS 0. */
export function cursorsOf<Owner>({ cursor, others }: Subscription<Owner>): Cursor<Owner>[] {
  const cursors = cursor === undefined ? [] : [cursor];
  for (const part of others ?? []) if (part.cursor !== undefined) cursors.push(part.cursor);
  return cursors;
}

/** What it reads in one store; undefined when that is nothing, and at QoS 0. */
export function cursorIn<Owner>(
  { queue, cursor, others }: Subscription<Owner>,
  lane: Lane,
): Cursor<Owner> | undefined {
  if (queue.lane === lane) return cursor;
  return others?.find((part) => part.queue.lane === lane)?.cursor;
}
