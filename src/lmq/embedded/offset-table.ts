import type { CommitNumber, QueueOffset } from '../spi/types.ts';
import { type CommitPart, type CommitTrigger, PartOfCommit } from './commit-part.ts';
import { corrupt } from './corrupt.ts';
import type { KvBatch } from './kv-batch.ts';
import type { KvEngine } from './kv-engine.ts';
import { decodeOffset, encodeOffset, offsetKey } from './layout/v1/offset-key.ts';
import type { LmqQueue, OffsetCell } from './lmq-queue.ts';

/** Bytes that an entry takes beside the consumer's name. */
const ENTRY_BYTES = 24;
const DELETED = -1;

/** Consumer offsets: one write per consumer, queue and commit however often it moves. */
export class OffsetTable implements CommitPart {
  readonly #engine: KvEngine;
  readonly #trigger: CommitTrigger;
  #open: OffsetCell[] = [];
  #sealed: OffsetCell[] = [];
  #sealedOffsets: QueueOffset[] = [];
  #sealedCommit: CommitNumber = 0;

  constructor(engine: KvEngine, trigger: CommitTrigger) {
    this.#engine = engine;
    this.#trigger = trigger;
  }

  commit(consumer: string, queue: LmqQueue, offset: QueueOffset): CommitNumber {
    if (!Number.isSafeInteger(offset) || offset < 0) {
      throw new RangeError(`not an offset: ${String(offset)}`);
    }
    return this.#write(consumer, queue, offset);
  }

  delete(consumer: string, queue: LmqQueue): CommitNumber {
    return this.#write(consumer, queue, DELETED);
  }

  async load(consumer: string, queue: LmqQueue): Promise<QueueOffset | undefined> {
    const cell = queue.offsets?.get(consumer);
    if (cell !== undefined) return cell.offset === DELETED ? undefined : cell.offset;
    const value = await this.#engine.get(offsetKey(consumer, queue.id));
    if (value === undefined) return undefined;
    const offset = decodeOffset(value);
    if (Number.isNaN(offset)) {
      throw corrupt(
        this.#engine.directory,
        `offset of consumer ${consumer} in queue ${queue.name}`,
      );
    }
    return offset;
  }

  seal(commit: CommitNumber): void {
    this.#sealed = this.#open;
    this.#sealedOffsets = this.#open.map((cell) => cell.offset);
    this.#sealedCommit = commit;
    this.#open = [];
  }

  fill(batch: KvBatch): void {
    for (const [index, { consumer, queue }] of this.#sealed.entries()) {
      const offset = this.#sealedOffsets[index] as QueueOffset;
      if (offset === DELETED) batch.del(offsetKey(consumer, queue.id));
      else batch.put(offsetKey(consumer, queue.id), encodeOffset(offset));
    }
  }

  settle(): void {
    for (const cell of this.#sealed) {
      if (cell.commit === this.#sealedCommit) cell.queue.offsets?.delete(cell.consumer);
    }
    this.#sealed = [];
  }

  #write(consumer: string, queue: LmqQueue, offset: QueueOffset): CommitNumber {
    const commit = this.#trigger.openCommit;
    const cells = (queue.offsets ??= new Map<string, OffsetCell>());
    let cell = cells.get(consumer);
    if (cell?.commit === commit) {
      cell.offset = offset;
      return commit;
    }
    if (cell === undefined) {
      cell = { queue, consumer, offset, commit };
      cells.set(consumer, cell);
    } else {
      cell.offset = offset;
      cell.commit = commit;
    }
    this.#open.push(cell);
    return this.#trigger.touch(consumer.length + ENTRY_BYTES, PartOfCommit.OFFSETS);
  }
}
