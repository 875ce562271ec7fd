import type { Clock } from '../../common/clock.ts';
import type { LmqQueueStore } from '../../lmq/spi/lmq-store.ts';
import { RECORD_QOS_MASK, recordLength } from '../../lmq/spi/record.ts';
import { positionAt } from '../../lmq/spi/record-segment.ts';
import type { Arrival } from '../../lmq/spi/types.ts';
import type { GatewayStats } from '../gateway-stats.ts';
import { type GatewayLimits, QueueFullPolicy } from '../limits.ts';
import { BacklogSource, type QueuedMessage } from './backlog-source.ts';
import { type QueueBounds, walk, type Walked } from './backlog-walk.ts';
import { CursorState } from './cursor.ts';
import { addGap, passGaps } from './queue-gaps.ts';
import type { QueueMeter } from './queue-meter.ts';
import type { Session, SessionCursor } from './session.ts';

/** A session whose client is connected may be over its limit by this part of it, so that looking costs little. */
const SLACK = 1 / 16;

/** What the limit asks of whoever delivers. */
export interface TrimmedSessions {
  /** The session has been looked at: delivery may go on. `error` undefined means that it could be. */
  trimmed(session: Session, error: unknown): void;
}

/**
 * Keeps what waits for one session within `maxQueuedMessages` and `maxQueuedBytes`. The messages are in the
 * log whatever is done here; a session that has too many skips some: the oldest of all its queues (its
 * cursors move on) or the newest (gaps that its cursors pass over).
 *
 * Arrivals add to a meter that is never too low, and costs no look-up; only when that is over the limit are
 * the messages counted, from the end that is kept, so that no more is read than may wait.
 */
export class QueueLimit {
  readonly #store: LmqQueueStore;
  readonly #bounds: QueueBounds;
  readonly #isOldestDropped: boolean;
  readonly #stats: GatewayStats;
  readonly #clock: Clock;
  readonly #owner: TrimmedSessions;

  constructor(
    store: LmqQueueStore,
    limits: GatewayLimits,
    stats: GatewayStats,
    clock: Clock,
    owner: TrimmedSessions,
  ) {
    this.#store = store;
    this.#bounds = { messages: limits.maxQueuedMessages, bytes: limits.maxQueuedBytes };
    this.#isOldestDropped = limits.queueFullPolicy === QueueFullPolicy.DROP_OLDEST;
    this.#stats = stats;
    this.#clock = clock;
    this.#owner = owner;
  }

  /** Counts what waits at a cursor whose session comes into memory. */
  attached({ session, queue, offset }: SessionCursor): void {
    const waiting = queue.maxOffset - offset;
    if (waiting <= 0) return;
    const meter = meterOf(session);
    meter.messages += waiting;
    // Offsets do not tell.
    meter.bytes = Infinity;
    meter.isNew = true;
  }

  /** Counts new messages for all cursors of their queue. */
  arrived({ queue, firstOffset, count }: Arrival, cursors: Iterable<SessionCursor>): void {
    let messages = 0;
    let bytes = 0;
    for (let offset = firstOffset, end = firstOffset + count; offset < end;) {
      const segment = this.#store.tail(queue, offset);
      if (segment === undefined) {
        // Out of memory already: what it is, is found out when it matters.
        messages += end - offset;
        bytes = Infinity;
        break;
      }
      const { buffer } = segment;
      const stop = Math.min(end, segment.firstOffset + segment.count);
      for (; offset < stop; offset++) {
        const position = positionAt(segment, offset);
        if (((buffer[position + 5] as number) & RECORD_QOS_MASK) === 0) continue;
        messages++;
        bytes += recordLength(buffer, position);
      }
    }
    if (messages === 0) return;
    for (const { session } of cursors) {
      const meter = meterOf(session);
      meter.messages += messages;
      meter.bytes += bytes;
    }
  }

  /** False while a session that came into memory with too much waiting is being cut to its limit. */
  mayDeliver(session: Session): boolean {
    const { meter } = session;
    if (meter?.isNew !== true) return true;
    if (!meter.isBusy && !this.#isOver(meter, 0)) {
      meter.isNew = false;
      return true;
    }
    if (!meter.isBusy) void this.#trim(session, meter);
    return false;
  }

  /** All that can be delivered now has been: looks at what still waits. */
  check(session: Session): void {
    const { meter, ready, waiting, reading, held } = session;
    if (meter === undefined || meter.isBusy || meter.isNew) return;
    if (ready.length === 0 && waiting.length === 0 && reading === 0 && held === undefined) {
      meter.messages = 0;
      meter.bytes = 0;
    } else if (this.#isOver(meter, SLACK)) {
      void this.#trim(session, meter);
    }
  }

  #isOver(meter: QueueMeter, slack: number): boolean {
    const { messages, bytes } = this.#bounds;
    return (
      (messages > 0 && meter.messages > messages + Math.floor(messages * slack)) ||
      (bytes > 0 && meter.bytes > bytes + bytes * slack)
    );
  }

  async #trim(session: Session, meter: QueueMeter): Promise<void> {
    meter.isBusy = true;
    // What arrives from now on comes on top of what is counted.
    meter.messages = 0;
    meter.bytes = 0;
    let failure: unknown;
    try {
      const walked = this.#isOldestDropped
        ? await this.#dropOldest(session)
        : await this.#dropNewest(session);
      meter.messages += walked.messages;
      meter.bytes += walked.bytes;
    } catch (error) {
      failure = error;
    }
    meter.isBusy = false;
    meter.isNew = false;
    this.#owner.trimmed(session, failure);
  }

  async #dropOldest(session: Session): Promise<Walked> {
    const sources = this.#sources(session, true);
    const walked = await walk(sources, this.#bounds, isNewer);
    if (!walked.isOver) return walked;
    for (const source of sources) {
      const { cursor } = source;
      const start = walked.last.get(source)?.offset ?? source.end;
      // Unsubscribed, or delivered meanwhile.
      if (cursor.state === CursorState.CLOSED || start <= cursor.offset) continue;
      this.#stats.queueFullDropped += start - cursor.offset;
      cursor.offset = start;
      cursor.dirty = true;
    }
    return walked;
  }

  async #dropNewest(session: Session): Promise<Walked> {
    const sources = this.#sources(session, false);
    const walked = await walk(sources, this.#bounds, isOlder);
    if (!walked.isOver) return walked;
    for (const source of sources) {
      const { cursor, head, end } = source;
      if (cursor.state === CursorState.CLOSED || head === undefined) continue;
      this.#stats.queueFullDropped += addGap(cursor, head.offset, end);
      passGaps(cursor);
    }
    return walked;
  }

  #sources(session: Session, isBackwards: boolean): BacklogSource[] {
    const now = this.#clock.now();
    const sources: BacklogSource[] = [];
    for (const cursor of session.cursors()) {
      const { state, shareKey, offset, queue } = cursor;
      // A shared group's messages wait for the group.
      if (state === CursorState.CLOSED || shareKey !== undefined || offset >= queue.maxOffset) {
        continue;
      }
      sources.push(new BacklogSource(this.#store, cursor, now, isBackwards));
    }
    return sources;
  }
}

/** Undefined when nothing is limited: then nothing of this is in the way of a delivery. */
export function queueLimitOf(
  store: LmqQueueStore,
  limits: GatewayLimits,
  stats: GatewayStats,
  clock: Clock,
  owner: TrimmedSessions,
): QueueLimit | undefined {
  if (limits.maxQueuedMessages === 0 && limits.maxQueuedBytes === 0) return undefined;
  return new QueueLimit(store, limits, stats, clock, owner);
}

function meterOf(session: Session): QueueMeter {
  return (session.meter ??= { messages: 0, bytes: 0, isNew: false, isBusy: false });
}

function isNewer(a: QueuedMessage, b: QueuedMessage): boolean {
  return a.time > b.time;
}

function isOlder(a: QueuedMessage, b: QueuedMessage): boolean {
  return a.time < b.time;
}
