import { messageOf } from '../../common/errors.ts';
import type { Timer } from '../../common/clock.ts';
import type { CommitPart, CommitTrigger } from './commit-part.ts';
import type { IndexSweep } from './index-sweep.ts';
import type { KvBatch, KvEngine } from './kv-engine.ts';
import { Keyspace, keyspaceRange } from './layout/v1/keyspace.ts';
import { blockOfLogKey, logKey } from './layout/v1/log-key.ts';
import { encodeLogBound, LOG_START_KEY, type LogBound } from './layout/v1/meta.ts';
import { decodeTimeMark } from './layout/v1/time-key.ts';
import type { LmqQueue } from './lmq-queue.ts';
import type { LogBounds } from './log-bounds.ts';
import { findCut } from './log-cut.ts';
import type { QueueIndex } from './queue-index.ts';
import type { QueueTable } from './queue-table.ts';
import type { EmbeddedStoreOptions } from './store-options.ts';
import type { TailRing } from './tail-ring.ts';

/** Keys that one batch of deletions holds. */
const DELETE_STEP = 1_000;

/** Deleted bytes of log that are worth a compaction. */
const COMPACT_BYTES = 256 * 1024 * 1024;

/**
 * Removes expired records: moves the start of the log, then deletes blocks, marks and index entries behind
 * it in small steps, and queues that nothing is left of.
 */
export class Retention implements CommitPart {
  readonly #options: EmbeddedStoreOptions;
  readonly #engine: KvEngine;
  readonly #bounds: LogBounds;
  readonly #queues: QueueTable;
  readonly #index: QueueIndex;
  readonly #tail: TailRing;
  readonly #trigger: CommitTrigger;
  readonly #sweep: IndexSweep;
  #timer: Timer | undefined;
  #running: Promise<void> | undefined;
  /** Takes minutes where there are many queues and much to do: limits must not wait for it (ADR 525). */
  #sweeping: Promise<void> | undefined;
  #isStopping = false;
  #isStartUnwritten = false;
  /** Blocks below are deleted; -1 until the disk has been looked at. */
  #deletedUpTo = -1;
  /** Bytes of the log that were deleted when the engine was last told to give their space back. */
  #compactedBytes = 0;
  #recordsExpired = 0;

  constructor(
    options: EmbeddedStoreOptions,
    engine: KvEngine,
    bounds: LogBounds,
    queues: QueueTable,
    index: QueueIndex,
    tail: TailRing,
    trigger: CommitTrigger,
    sweep: IndexSweep,
  ) {
    this.#options = options;
    this.#engine = engine;
    this.#bounds = bounds;
    this.#queues = queues;
    this.#index = index;
    this.#tail = tail;
    this.#trigger = trigger;
    this.#sweep = sweep;
  }

  /** Records removed in this life of the store. */
  get recordsExpired(): number {
    return this.#recordsExpired;
  }

  start(): void {
    const { clock, retentionIntervalMs } = this.#options;
    this.#timer = clock.every(retentionIntervalMs, () => {
      if (this.#running !== undefined || this.#isStopping) return;
      this.#running = this.#pass().finally(() => {
        this.#running = undefined;
      });
    });
  }

  /** Ends the pass under way at its next step. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    this.#timer?.cancel();
    await this.#running;
    await this.#sweeping;
  }

  seal(): void {
    // the start only moves forward: a later value in the batch is as good
  }

  fill(batch: KvBatch): void {
    if (!this.#isStartUnwritten) return;
    this.#isStartUnwritten = false;
    batch.put(LOG_START_KEY, encodeLogBound(this.#bounds.start));
  }

  settle(): void {
    // nothing is kept between fill and settle
  }

  async #pass(): Promise<void> {
    try {
      await this.#expire();
      await this.#deleteBlocks();
      if (this.#isStopping) return;
      this.#sweeping ??= this.#sweepIndex().finally(() => {
        this.#sweeping = undefined;
      });
    } catch (error) {
      this.#failed(error);
    }
  }

  async #sweepIndex(): Promise<void> {
    try {
      await this.#sweep.run(() => this.#isStopping);
      this.#options.logger.debug({ recordsExpired: this.#recordsExpired }, 'retention ran');
    } catch (error) {
      this.#failed(error);
    }
  }

  /** The next pass tries again; damage is reported to whoever reads it. */
  #failed(error: unknown): void {
    this.#options.logger.error({ error: messageOf(error) }, 'retention failed');
  }

  /** Moves the start of the log and of its queues, and waits until that is durable. */
  async #expire(): Promise<void> {
    const { clock, fileReservedTimeMs, maxLogBytes } = this.#options;
    const cut = await findCut(this.#engine, this.#bounds, {
      before: fileReservedTimeMs > 0 ? clock.now() - fileReservedTimeMs : -Infinity,
      maxBytes: maxLogBytes > 0 ? maxLogBytes : Infinity,
    });
    const { start } = this.#bounds;
    if (cut.block <= start.block || this.#isStopping) return;
    const minimums = await this.#findMinimums(cut);
    this.#bounds.start = cut;
    for (const [queue, minimum] of minimums) {
      queue.minOffset = minimum;
      queue.minBlock = cut.block;
    }
    this.#tail.dropBelow(cut.block);
    const records = cut.recordsBefore - start.recordsBefore;
    this.#recordsExpired += records;
    const fields = { records, bytes: cut.bytesBefore - start.bytesBefore, firstBlock: cut.block };
    this.#options.logger.info(fields, 'records expired');
    this.#isStartUnwritten = true;
    await this.#trigger.committed(this.#trigger.touch(0));
  }

  /** New minimum offsets of the open queues. What changes meanwhile is found by a further round. */
  async #findMinimums(cut: LogBound): Promise<Map<LmqQueue, number>> {
    const minimums = new Map<LmqQueue, number>();
    for (;;) {
      const affected: LmqQueue[] = [];
      for (const queue of this.#queues.resident) {
        if (!queue.hasMinimum || queue.minBlock >= cut.block || minimums.has(queue)) continue;
        if (queue.uses > 0 || queue.minOffset === queue.maxOffset) affected.push(queue);
        else queue.hasMinimum = false;
      }
      if (affected.length === 0) return minimums;
      for (const queue of affected) {
        const { id, minOffset, maxOffset } = queue;
        const isEmpty = minOffset === maxOffset;
        minimums.set(
          queue,
          isEmpty ? minOffset : await this.#index.firstLive(id, minOffset, maxOffset, cut.block),
        );
      }
    }
  }

  /** Deletes the blocks before the start, and their marks. */
  async #deleteBlocks(): Promise<void> {
    const { start } = this.#bounds;
    if (this.#deletedUpTo === -1) {
      const [oldest] = await this.#engine.read(keyspaceRange(Keyspace.LOG), 1);
      this.#deletedUpTo = oldest === undefined ? start.block : blockOfLogKey(oldest.key);
    }
    while (this.#deletedUpTo < start.block && !this.#isStopping) {
      const end = Math.min(start.block, this.#deletedUpTo + DELETE_STEP);
      const batch = this.#engine.batch();
      for (let block = this.#deletedUpTo; block < end; block++) batch.del(logKey(block));
      await write(batch);
      this.#deletedUpTo = end;
    }
    await this.#deleteMarks(start);
    await this.#giveSpaceBack();
  }

  /** Deletions alone give space back when the engine comes round to their files, which can take long. */
  async #giveSpaceBack(): Promise<void> {
    const { start } = this.#bounds;
    if (start.bytesBefore - this.#compactedBytes < COMPACT_BYTES || this.#isStopping) return;
    await this.#engine.compact(logKey(0), logKey(this.#deletedUpTo));
    this.#compactedBytes = start.bytesBefore;
  }
  async #deleteMarks({ block }: LogBound): Promise<void> {
    const batch = this.#engine.batch();
    for await (const { key, value } of this.#engine.scan(keyspaceRange(Keyspace.TIME))) {
      const mark = decodeTimeMark(key, value);
      if (mark === undefined || mark.block >= block || batch.size === DELETE_STEP) break;
      batch.del(key);
    }
    if (batch.size > 0) await write(batch);
  }
}

function write(batch: KvBatch): Promise<void> {
  return new Promise((resolve, reject) => {
    batch.write(false, (error) => {
      if (error === undefined) resolve();
      else reject(error);
    });
  });
}
