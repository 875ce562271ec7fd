import type { KvBatch } from './kv-batch.ts';
import { blockRecords } from './layout/v1/block.ts';
import { encodeLogBound, LOG_END_KEY, type LogBound } from './layout/v1/meta.ts';
import { encodeTimeMark, timeKey, type TimeMark } from './layout/v1/time-key.ts';
import type { LogBlock } from './log-block.ts';

/** Marks are set at least this often while something is written: retention removes the log in such steps. */
export const MARK_INTERVAL_MS = 60_000;

const NOWHERE: LogBound = { block: 0, bytesBefore: 0, recordsBefore: 0 };

/** Where the log begins and ends, and when its parts were written. */
export class LogBounds {
  /** Bytes of log after which a mark is set in any case. */
  readonly markBytes: number;
  /** First block that is not expired. */
  start: LogBound = NOWHERE;
  #end: LogBound = NOWHERE;
  #lastMark: TimeMark = { ...NOWHERE, time: -Infinity };

  constructor(markBytes: number) {
    this.markBytes = markBytes;
  }

  /** One past the last block that is durable or in flight. */
  get end(): LogBound {
    return this.#end;
  }

  /** The newest mark, durable or in flight. */
  get lastMark(): TimeMark {
    return this.#lastMark;
  }

  /** Takes over what recovery found. */
  restore(start: LogBound, end: LogBound, lastMark: TimeMark | undefined): void {
    this.start = start;
    this.#end = end;
    if (lastMark !== undefined) this.#lastMark = lastMark;
  }

  /** Moves the end behind the blocks of a commit and adds that to its batch. */
  grow(batch: KvBatch, blocks: readonly LogBlock[], now: number): void {
    let { block, bytesBefore, recordsBefore } = this.#end;
    if (
      now >= this.#lastMark.time + MARK_INTERVAL_MS ||
      bytesBefore >= this.#lastMark.bytesBefore + this.markBytes
    ) {
      // marks never go back in time, even when the clock does
      const mark = { ...this.#end, time: Math.max(now, this.#lastMark.time) };
      this.#lastMark = mark;
      batch.put(timeKey(mark.time, mark.block), encodeTimeMark(mark));
    }
    for (const { buffer } of blocks) {
      block++;
      bytesBefore += buffer.length;
      recordsBefore += blockRecords(buffer);
    }
    this.#end = { block, bytesBefore, recordsBefore };
    batch.put(LOG_END_KEY, encodeLogBound(this.#end));
  }
}
