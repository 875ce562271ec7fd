import type { LmqQueueStore } from '../../lmq/spi/lmq-store.ts';
import { PullStatus, type Segment } from '../../lmq/spi/types.ts';
import type { GatewayStats } from '../gateway-stats.ts';
import { CursorState } from './cursor.ts';
import type { Session, SessionCursor } from './session.ts';

/** Read from disk at a time for one cursor. */
const PULL_BYTES = 128 * 1024;
const PULL_MESSAGES = 512;
/** Cursors of one session that read from disk or hold what they have read. */
const MAX_READING = 8;

/** Who delivers what is read. */
export interface ReadingDelivery {
  /** A cursor that has read may go on. */
  read(cursor: SessionCursor): void;
  /** A cursor could not read. */
  failed(cursor: SessionCursor, error: unknown): void;
}

/** Reads from disk for cursors whose records are not in memory, for a few of each session at a time. */
export class CursorReads {
  readonly #store: LmqQueueStore;
  readonly #stats: GatewayStats;
  readonly #delivery: ReadingDelivery;
  /** What was read and is not delivered yet. */
  readonly #pulled = new Map<SessionCursor, readonly Segment[]>();

  constructor(store: LmqQueueStore, stats: GatewayStats, delivery: ReadingDelivery) {
    this.#store = store;
    this.#stats = stats;
    this.#delivery = delivery;
  }

  /** The cursor is to read; as soon as those of its session that wait longer have their turn. */
  wait(cursor: SessionCursor): void {
    cursor.state = CursorState.WAITING;
    cursor.session.waiting.push(cursor);
    this.admit(cursor.session);
  }

  /** Begins to read for those that wait longest, as far as the session may. */
  admit(session: Session): void {
    while (session.reading < MAX_READING) {
      const cursor = session.waiting.shift();
      if (cursor === undefined) return;
      session.reading++;
      cursor.state = CursorState.PULLING;
      void this.#pull(cursor);
    }
  }

  /** The segment at the cursor's offset out of what was read. */
  segmentAt(cursor: SessionCursor): Segment | undefined {
    const segments = this.#pulled.get(cursor);
    if (segments === undefined) return undefined;
    const { offset } = cursor;
    for (const segment of segments) {
      if (offset < segment.firstOffset + segment.count) {
        return offset >= segment.firstOffset ? segment : undefined;
      }
    }
    this.#pulled.delete(cursor);
    cursor.session.reading--;
    this.admit(cursor.session);
    return undefined;
  }

  /** The cursor is detached, and not WAITING any more. @param isPulling it was being read for */
  drop(cursor: SessionCursor, isPulling: boolean): void {
    if (!this.#pulled.delete(cursor) && !isPulling) return;
    const { session } = cursor;
    session.reading--;
    // One that leaves memory detaches all of its cursors: nothing shall be read for them.
    if (session.link !== undefined) this.admit(session);
  }

  async #pull(cursor: SessionCursor): Promise<void> {
    const { session } = cursor;
    try {
      const result = await this.#store.pull(cursor.queue, cursor.offset, PULL_MESSAGES, PULL_BYTES);
      // Detached while the records were read.
      if (cursor.state !== CursorState.PULLING) return;
      if (result.status === PullStatus.OFFSET_TOO_SMALL) {
        this.#stats.messagesLostToRetention += Math.max(0, result.nextOffset - cursor.offset);
      }
      if (result.status === PullStatus.FOUND) {
        this.#pulled.set(cursor, result.segments);
      } else {
        // Too many may have waited meanwhile, and the cursor be further.
        cursor.offset = Math.max(cursor.offset, result.nextOffset);
        session.reading--;
        this.admit(session);
      }
    } catch (error) {
      if (cursor.state !== CursorState.PULLING) return;
      session.reading--;
      this.#delivery.failed(cursor, error);
      return;
    }
    this.#delivery.read(cursor);
  }
}
