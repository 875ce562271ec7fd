import type { KvBatch } from './kv-engine.ts';
import { encodeLogBound, LOG_END_KEY, LOG_START_KEY, type LogBound } from './layout/v1/meta.ts';
import { encodeTimeMark, timeKey } from './layout/v1/time-key.ts';
import type { LogBlock } from './log-block.ts';

/** Marks are set this often: retention removes the log in such steps. */
const MARK_INTERVAL_MS = 60_000;
const MARK_INTERVAL_BYTES = 16 * 1024 * 1024;

/** Where the log begins and ends, and when its parts were written. */
export class LogBounds {
  /** First block that is not expired. */
  start: LogBound = { block: 0, bytesBefore: 0 };
  /** One past the last durable or sealed block. */
  end: LogBound = { block: 0, bytesBefore: 0 };
  #markTime = -Infinity;
  #markBytes = 0;

  /** Takes over what recovery found. */
  restore(start: LogBound, end: LogBound, markTime: number): void {
    this.start = start;
    this.end = end;
    this.#markTime = markTime;
    // the next blocks get a mark, so that they share none with those before
    this.#markBytes = -Infinity;
  }

  /** Moves the end behind the blocks of a commit and adds that to its batch. */
  grow(batch: KvBatch, blocks: readonly LogBlock[], now: number): void {
    let { block, bytesBefore } = this.end;
    if (now >= this.#markTime + MARK_INTERVAL_MS || bytesBefore >= this.#markBytes + MARK_INTERVAL_BYTES) {
      // marks never go back in time, even when the clock does
      const mark = { time: Math.max(now, this.#markTime), block, bytesBefore };
      this.#markTime = mark.time;
      this.#markBytes = bytesBefore;
      batch.put(timeKey(mark.time, mark.block), encodeTimeMark(mark));
    }
    for (const { buffer } of blocks) {
      block++;
      bytesBefore += buffer.length;
    }
    this.end = { block, bytesBefore };
    batch.put(LOG_END_KEY, encodeLogBound(this.end));
  }

  /** Moves the start and adds that to a batch. */
  cut(batch: KvBatch, start: LogBound): void {
    this.start = start;
    batch.put(LOG_START_KEY, encodeLogBound(start));
  }
}
