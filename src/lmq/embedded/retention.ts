import { messageOf } from '../../common/errors.ts';
import type { Timer } from '../../common/clock.ts';
import { type CommitPart, type CommitTrigger, PartOfCommit } from './commit-part.ts';
import type { IndexSweep } from './index-sweep.ts';
import type { KvBatch } from './kv-batch.ts';
import { FEW_BYTES, type KvEngine } from './kv-engine.ts';
import { Keyspace, keyspaceRange } from './layout/v1/keyspace.ts';
import { blockOfLogKey, logKey } from './layout/v1/log-key.ts';
import { encodeLogBound, LOG_START_KEY, type LogBound } from './layout/v1/meta.ts';
import { decodeTimeMark } from './layout/v1/time-key.ts';
import { LogAge } from './log-age.ts';
import type { LogBounds } from './log-bounds.ts';
import { findCut } from './log-cut.ts';
import type { EmbeddedStoreOptions } from './store-options.ts';
import type { TailRing } from './tail-ring.ts';

/** Keys that one batch of deletions holds. */
const DELETE_STEP = 1_000;

/** Deleted bytes of log that are worth a compaction, where the log may have as many. */
const COMPACT_BYTES = 256 * 1024 * 1024;

/**
 * Removes expired records: moves the start of the log, then deletes blocks, marks and index entries behind
 * it in small steps, and queues that nothing is left of. A pass begins when its time has come, and when the log
 * has outgrown its limit. What takes long under load, the sweep and the engine's compaction, goes beside the
 * passes: they must not wait for it (ADR 525, 581).
 */
export class Retention implements CommitPart {
  readonly #options: EmbeddedStoreOptions;
  readonly #engine: KvEngine;
  readonly #bounds: LogBounds;
  readonly #tail: TailRing;
  readonly #trigger: CommitTrigger;
  readonly #sweep: IndexSweep;
  readonly #age: LogAge;
  #timer: Timer | undefined;
  #running: Promise<void> | undefined;
  #sweeping: Promise<void> | undefined;
  #compacting: Promise<void> | undefined;
  #isStopping = false;
  /** Blocks below are deleted; -1 until the disk has been looked at. */
  #deletedUpTo = -1;
  /** Bytes of the log that were deleted when the engine was last told to give their space back. */
  #compactedBytes = 0;
  /** The interval is over: the next pass removes what is left of the records, too. */
  #isDue = false;
  /** Bytes of the log, since it was made, from which on a pass that its size asks for begins. */
  #nextPassBytes = 0;
  #recordsExpired = 0;
  /** What of them has been logged. */
  #recordsLogged = 0;

  constructor(
    options: EmbeddedStoreOptions,
    engine: KvEngine,
    bounds: LogBounds,
    tail: TailRing,
    trigger: CommitTrigger,
    sweep: IndexSweep,
  ) {
    this.#options = options;
    this.#engine = engine;
    this.#bounds = bounds;
    this.#tail = tail;
    this.#trigger = trigger;
    this.#sweep = sweep;
    this.#age = new LogAge(options, bounds);
  }

  /** Records removed in this life of the store. */
  get recordsExpired(): number {
    return this.#recordsExpired;
  }

  start(): void {
    const { clock, retentionIntervalMs } = this.#options;
    this.#age.start();
    this.#timer = clock.every(retentionIntervalMs, () => {
      this.#isDue = true;
      this.#beginIfNeeded();
    });
  }

  /** Ends what is under way at its next step. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    this.#timer?.cancel();
    await this.#running;
    await this.#sweeping;
    await this.#compacting;
  }

  seal(): void {
    // the start only moves forward: a later value in the batch is as good
  }

  fill(batch: KvBatch): void {
    batch.put(LOG_START_KEY, encodeLogBound(this.#bounds.start));
  }

  settle(): void {
    // the start counts since it was moved
  }

  /** The log has grown: it may be too large now. */
  grown(): void {
    this.#beginIfNeeded();
  }

  /** Whether the log is too large, and has a mark more to be cut at since the last pass. */
  get #isOutgrown(): boolean {
    const { maxLogBytes } = this.#options;
    const { start, end } = this.#bounds;
    if (maxLogBytes === 0 || end.bytesBefore - start.bytesBefore <= maxLogBytes) return false;
    return end.bytesBefore >= this.#nextPassBytes;
  }

  #beginIfNeeded(): void {
    if (this.#running !== undefined || this.#isStopping) return;
    if (!this.#isDue && !this.#isOutgrown) return;
    this.#nextPassBytes = this.#bounds.end.bytesBefore + this.#bounds.markBytes;
    this.#running = this.#pass().finally(() => {
      this.#running = undefined;
      this.#beginIfNeeded();
    });
  }

  async #pass(): Promise<void> {
    const isDue = this.#isDue;
    this.#isDue = false;
    try {
      await this.#expire();
      await this.#deleteBlocks();
      if (this.#isStopping || !isDue) return;
      this.#logExpired();
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

  /** At most once in an interval: under load passes follow each other by the second. */
  #logExpired(): void {
    const records = this.#recordsExpired - this.#recordsLogged;
    if (records === 0) return;
    this.#recordsLogged = this.#recordsExpired;
    const { block } = this.#bounds.start;
    this.#options.logger.info({ records, firstBlock: block }, 'records expired');
  }

  /** Moves the start of the log, and waits until that is durable. */
  async #expire(): Promise<void> {
    const { maxLogBytes } = this.#options;
    const watched = this.#age.watched();
    let cut = await findCut(this.#engine, this.#bounds, {
      before: this.#age.before(),
      maxBytes: maxLogBytes > 0 ? maxLogBytes : Infinity,
    });
    if (watched !== undefined && watched.block > cut.block) cut = watched;
    const { start } = this.#bounds;
    if (cut.block <= start.block || this.#isStopping) return;
    this.#bounds.start = cut;
    this.#tail.dropBelow(cut.block);
    this.#recordsExpired += cut.recordsBefore - start.recordsBefore;
    await this.#trigger.committed(this.#trigger.touch(0, PartOfCommit.RETENTION));
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
    this.#giveSpaceBack();
  }

  /** Deletions alone give space back when the engine comes round to their files, which can take long. */
  #giveSpaceBack(): void {
    const { maxLogBytes } = this.#options;
    const { bytesBefore } = this.#bounds.start;
    const worth = maxLogBytes > 0 ? Math.min(COMPACT_BYTES, maxLogBytes) : COMPACT_BYTES;
    if (bytesBefore - this.#compactedBytes < worth || this.#isStopping) return;
    this.#compacting ??= this.#compact(bytesBefore).finally(() => {
      this.#compacting = undefined;
    });
  }

  async #compact(bytesBefore: number): Promise<void> {
    try {
      await this.#engine.compact(logKey(0), logKey(this.#deletedUpTo));
      this.#compactedBytes = bytesBefore;
    } catch (error) {
      this.#failed(error);
    }
  }

  async #deleteMarks({ block }: LogBound): Promise<void> {
    const batch = this.#engine.batch();
    for await (const { key, value } of this.#engine.scan(keyspaceRange(Keyspace.TIME), FEW_BYTES)) {
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
