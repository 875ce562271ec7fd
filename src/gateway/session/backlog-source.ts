import {
  NO_EXPIRY,
  RECORD_QOS_MASK,
  recordExpiry,
  recordLength,
  recordPublisher,
  recordStoreTime,
} from '../../lmq/spi/record.ts';
import { positionAt } from '../../lmq/spi/record-segment.ts';
import type { LmqQueueStore } from '../../lmq/spi/lmq-store.ts';
import type { QueueOffset, Segment } from '../../lmq/spi/types.ts';
import type { SessionCursor } from './session.ts';

/** Records looked at in one go. */
const CHUNK = 256;
const CHUNK_BYTES = 128 * 1024;

/** A message that waits for a session. */
export interface QueuedMessage {
  readonly offset: QueueOffset;
  /** When it was stored, ms since the epoch. */
  readonly time: number;
  /** As stored. */
  readonly bytes: number;
}

/**
 * The messages that wait at one cursor, from either end, without what it will not deliver: QoS 0, expired
 * messages, gaps and its own with no local. Reads as it goes and keeps one chunk.
 */
export class BacklogSource {
  readonly cursor: SessionCursor;
  /** One past the last record, as of the beginning. */
  readonly end: QueueOffset;
  readonly #store: LmqQueueStore;
  readonly #now: number;
  readonly #isBackwards: boolean;
  #low: QueueOffset;
  #high: QueueOffset;
  #chunk: QueuedMessage[] = [];
  #next = 0;

  constructor(store: LmqQueueStore, cursor: SessionCursor, now: number, isBackwards: boolean) {
    this.#store = store;
    this.cursor = cursor;
    this.#now = now;
    this.#isBackwards = isBackwards;
    this.end = cursor.queue.maxOffset;
    this.#low = Math.max(cursor.offset, cursor.queue.minOffset);
    this.#high = this.end;
  }

  /** The message at hand; undefined before `load`, and when a chunk is used up. */
  get head(): QueuedMessage | undefined {
    return this.#chunk[this.#next];
  }

  /** Goes on to the next message of the chunk. */
  take(): void {
    this.#next++;
  }

  /** Reads until there is a message at hand; false when there is none any more. */
  async load(): Promise<boolean> {
    while (this.head === undefined) {
      if (this.#low >= this.#high) return false;
      this.#chunk = [];
      this.#next = 0;
      if (this.#isBackwards) {
        const from = Math.max(this.#low, this.#high - CHUNK);
        for (let at = from; at < this.#high;) at = await this.#read(at, this.#high);
        this.#high = from;
        this.#chunk.reverse();
      } else {
        this.#low = await this.#read(this.#low, Math.min(this.#high, this.#low + CHUNK));
      }
    }
    return true;
  }

  /** Adds the messages from `from` to `to`, or as far as one read goes; returns how far that was. */
  async #read(from: QueueOffset, to: QueueOffset): Promise<QueueOffset> {
    const { queue } = this.cursor;
    const segment = this.#store.tail(queue, from);
    if (segment !== undefined) return this.#add(segment, from, to);
    const result = await this.#store.pull(queue, from, to - from, CHUNK_BYTES);
    let at = from;
    for (const pulled of result.segments) {
      if (at < to && at >= pulled.firstOffset) at = this.#add(pulled, at, to);
    }
    // What retention has removed is not there any more.
    return at > from ? at : Math.max(from + 1, Math.min(to, result.nextOffset));
  }

  #add(segment: Segment, from: number, to: number): QueueOffset {
    const { buffer } = segment;
    const end = Math.min(to, segment.firstOffset + segment.count);
    for (let offset = from; offset < end; offset++) {
      const position = positionAt(segment, offset);
      if (!this.#waits(buffer, position, offset)) continue;
      const time = recordStoreTime(buffer, position);
      this.#chunk.push({ offset, time, bytes: recordLength(buffer, position) });
    }
    return end;
  }

  #waits(buffer: Buffer, position: number, offset: QueueOffset): boolean {
    if (((buffer[position + 5] as number) & RECORD_QOS_MASK) === 0) return false;
    const expiry = recordExpiry(buffer, position);
    if (expiry !== NO_EXPIRY && recordStoreTime(buffer, position) + expiry * 1000 <= this.#now) {
      return false;
    }
    const { gaps, options, session } = this.cursor;
    if (options.noLocal && recordPublisher(buffer, position) === session.clientId) return false;
    return gaps === undefined || !gaps.some(({ from, to }) => offset >= from && offset < to);
  }
}
