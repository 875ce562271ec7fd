import { type DeliveryOptions, PLAIN_OPTIONS } from './delivery-options.ts';
import type { Queue, QueueOffset } from '../../lmq/spi/types.ts';

/** Why a cursor is not delivering, or that it is. */
export const CursorState = {
  /** In its session's ready list. */
  RUNNING: 'RUNNING',
  /** Woken by an arrival. */
  CAUGHT_UP: 'CAUGHT_UP',
  /** Has to read from disk and waits for its turn among the session's cursors. */
  WAITING: 'WAITING',
  /** Waits for records that are read from disk. */
  PULLING: 'PULLING',
  /** Waits until older stores have given what they had (`hold-back.ts`). */
  HELD: 'HELD',
  /** Its session has gone, or the subscription has. */
  CLOSED: 'CLOSED',
} as const;
export type CursorState = (typeof CursorState)[keyof typeof CursorState];

/** Offsets `from` to `to`, that one not included, which a cursor passes over. */
export interface Gap {
  readonly from: QueueOffset;
  readonly to: QueueOffset;
}

/** What a cursor comes behind: topics may have moved to its store from those of older ones. */
export interface HoldBack<Owner> {
  readonly elders: readonly Cursor<Owner>[];
  /** How far each of them has to be; undefined until there is something to wait with. */
  upTo: readonly QueueOffset[] | undefined;
  /** That is being asked, or saved when they are there. */
  isBusy: boolean;
  /** They are there, and a crash would not forget it. */
  isOver: boolean;
}

/**
 * One subscription's position in its queue. `offset` is the next record to look at: everything before it
 * is delivered, in flight or skipped. Delivery stops for a whole session when its window is full
 * (INFLIGHT_FULL) or its socket is (SOCKET_BUSY); those are properties of the session.
 */
export class Cursor<Owner> {
  readonly session: Owner;
  readonly queue: Queue;
  /** Granted QoS of the subscription; 2 for P2P, which is delivered at the publish QoS. */
  qos: number;
  options: DeliveryOptions;
  offset: QueueOffset;
  state: CursorState = CursorState.CAUGHT_UP;
  /** QoS 1 records below were perhaps delivered before a crash: they carry DUP [MQTT-3.3.1-1]. */
  dupBelow: QueueOffset = 0;
  /** Called when it is CAUGHT_UP or CLOSED. */
  onIdle: (() => void) | undefined = undefined;
  /** `offset` differs from the one saved. */
  dirty = false;
  /** Records that it passes over because too many waited, in order (`queue-gaps.ts`). */
  gaps: Gap[] | undefined = undefined;
  /** Where the first of them begins: no batch goes beyond. -1 = none. */
  stopAt: QueueOffset = -1;
  /** The shared group that its messages come from: then the pump does not read for it. */
  shareKey: string | undefined = undefined;
  /** Set while it has to wait for cursors in older stores. */
  after: HoldBack<Owner> | undefined = undefined;

  constructor(
    session: Owner,
    queue: Queue,
    qos: number,
    offset: QueueOffset,
    options: DeliveryOptions = PLAIN_OPTIONS,
  ) {
    this.session = session;
    this.queue = queue;
    this.qos = qos;
    this.offset = offset;
    this.options = options;
  }
}

/** A cursor whose messages a shared group hands out: it reads nothing itself. */
export function sharedCursor<Owner>(
  session: Owner,
  queue: Queue,
  qos: number,
  shareKey: string,
  options?: DeliveryOptions,
): Cursor<Owner> {
  const cursor = new Cursor(session, queue, qos, 0, options);
  cursor.shareKey = shareKey;
  cursor.state = CursorState.CLOSED;
  return cursor;
}
