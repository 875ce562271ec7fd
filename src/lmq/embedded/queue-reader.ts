import { positionAt, RecordSegment } from '../spi/record-segment.ts';
import { PullStatus, type PullResult, type QueueOffset, type Segment } from '../spi/types.ts';
import type { BlockCache } from './block-cache.ts';
import { corrupt } from './corrupt.ts';
import type { KvEngine } from './kv-engine.ts';
import { blockDamage } from './layout/v1/block.ts';
import { entryEnd, positionsOf, type EntryPart, type IndexEntry } from './layout/v1/index-entry.ts';
import { logKey } from './layout/v1/log-key.ts';
import type { LmqQueue } from './lmq-queue.ts';
import type { LogBounds } from './log-bounds.ts';
import type { QueueIndex } from './queue-index.ts';
import type { QueueMinimum } from './queue-minimum.ts';
import { ReadSlots } from './read-slots.ts';
import type { TailRing } from './tail-ring.ts';

/** Pulls that read from disk at once. */
const READS_AT_ONCE = 2;
/** Blocks that are fetched in one go, and in one pull. */
const BLOCKS_PER_FETCH = 16;
const BLOCKS_PER_PULL = 64;

/** A part of an index entry with the offset of its first record. */
interface PlacedPart {
  readonly firstOffset: QueueOffset;
  readonly part: EntryPart;
}

/** What a pull has and may still take. Reading ends with the segment that reaches a limit. */
class PullBuffer {
  readonly segments: Segment[] = [];
  readonly #from: QueueOffset;
  readonly #maxMessages: number;
  readonly #maxBytes: number;
  #bytes = 0;
  nextOffset: QueueOffset;

  constructor(from: QueueOffset, maxMessages: number, maxBytes: number) {
    this.#from = from;
    this.nextOffset = from;
    this.#maxMessages = maxMessages;
    this.#maxBytes = maxBytes;
  }

  get isFull(): boolean {
    return this.reaches(this.nextOffset) || this.#bytes >= this.#maxBytes;
  }

  /** Whether the messages up to `offset` are as many as may be taken. */
  reaches(offset: QueueOffset): boolean {
    return offset - this.#from >= this.#maxMessages;
  }

  add(segment: Segment): void {
    this.segments.push(segment);
    this.nextOffset = segment.firstOffset + segment.count;
    const first = positionAt(segment, segment.firstOffset);
    const last = positionAt(segment, this.nextOffset - 1);
    const span = last + segment.buffer.readUInt32BE(last) - first;
    // a sparse segment counts as if its records were as long as the last one
    this.#bytes += Math.min(span, segment.count * segment.buffer.readUInt32BE(last));
  }

  get result(): PullResult {
    return { status: PullStatus.FOUND, segments: this.segments, nextOffset: this.nextOffset };
  }
}

/** Reads records by queue and offset, from memory or disk. */
export class QueueReader {
  readonly #engine: KvEngine;
  readonly #index: QueueIndex;
  readonly #bounds: LogBounds;
  readonly #minimum: QueueMinimum;
  readonly #tail: TailRing;
  readonly #cache: BlockCache;
  readonly #slots = new ReadSlots(READS_AT_ONCE);
  #tailHits = 0;
  #tailMisses = 0;

  constructor(
    engine: KvEngine,
    index: QueueIndex,
    bounds: LogBounds,
    minimum: QueueMinimum,
    tail: TailRing,
    cache: BlockCache,
  ) {
    this.#engine = engine;
    this.#index = index;
    this.#bounds = bounds;
    this.#minimum = minimum;
    this.#tail = tail;
    this.#cache = cache;
  }

  get tailHits(): number {
    return this.#tailHits;
  }

  /** Reads of records that exist but are no longer in memory. */
  get tailMisses(): number {
    return this.#tailMisses;
  }

  tail(queue: LmqQueue, offset: QueueOffset): Segment | undefined {
    const segment = offset < queue.minOffset ? undefined : queue.findTail(offset);
    if (segment !== undefined) this.#tailHits++;
    else if (offset < queue.maxOffset) this.#tailMisses++;
    return segment;
  }

  async pull(
    queue: LmqQueue,
    offset: QueueOffset,
    maxMessages: number,
    maxBytes: number,
  ): Promise<PullResult> {
    for (;;) {
      const outside = outOfBounds(queue, offset);
      if (outside !== undefined) return outside;
      const pulled = new PullBuffer(offset, maxMessages, maxBytes);
      for (let segment = this.tail(queue, offset); segment !== undefined;) {
        pulled.add(segment);
        segment = pulled.isFull ? undefined : queue.findTail(pulled.nextOffset);
      }
      if (pulled.segments.length > 0) return pulled.result;
      const isThere = await this.#slots.run(() => this.#readDisk(queue, offset, pulled));
      if (isThere) return pulled.result;
      // retention was faster: the queue begins later now
      await this.#minimum.find(queue);
    }
  }

  /** Fills `pulled` from disk; false when the first record is expired. */
  async #readDisk(queue: LmqQueue, offset: QueueOffset, pulled: PullBuffer): Promise<boolean> {
    let parts: PlacedPart[] = [];
    let blocks = 0;
    for await (const entry of this.#entriesFrom(queue, offset)) {
      let firstOffset = entry.firstOffset;
      for (const part of entry.parts) {
        if (firstOffset + part.count > offset) {
          if (blocks === 0 && part.block < this.#bounds.start.block) return false;
          parts.push({ firstOffset, part });
          blocks++;
        }
        firstOffset += part.count;
        if (parts.length < BLOCKS_PER_FETCH) continue;
        if (!(await this.#addParts(queue, parts, pulled))) return pulled.segments.length > 0;
        if (pulled.isFull || blocks >= BLOCKS_PER_PULL) return true;
        parts = [];
      }
      const last = parts.at(-1);
      if (last === undefined) continue;
      // sparse queues: do not walk far more entries than there are messages wanted
      if (pulled.reaches(last.firstOffset + last.part.count)) break;
    }
    await this.#addParts(queue, parts, pulled);
    return pulled.segments.length > 0;
  }

  /** Whether retention may have removed the index entry for `offset`. */
  #isExpired(queue: LmqQueue, offset: QueueOffset): boolean {
    return offset < queue.minOffset || !this.#minimum.isExact(queue);
  }

  /** The entries from the one that holds `offset` on. */
  async *#entriesFrom(queue: LmqQueue, offset: QueueOffset): AsyncGenerator<IndexEntry> {
    let from = offset;
    let isFirst = true;
    // one who reads in order asks for the beginning of an entry
    for await (const entry of this.#index.from(queue.id, offset)) {
      if (isFirst && entry.firstOffset !== offset) break;
      isFirst = false;
      if (entry.firstOffset !== from) throw this.#gap(queue, from);
      from = entryEnd(entry);
      yield entry;
    }
    if (!isFirst) return;
    const holder = await this.#index.before(queue.id, offset);
    if (holder === undefined || entryEnd(holder) <= offset) {
      if (this.#isExpired(queue, offset)) return;
      throw this.#gap(queue, offset);
    }
    yield holder;
    from = entryEnd(holder);
    for await (const entry of this.#index.from(queue.id, from)) {
      if (entry.firstOffset !== from) {
        if (this.#isExpired(queue, from)) return;
        throw this.#gap(queue, from);
      }
      from = entryEnd(entry);
      yield entry;
    }
  }

  /** Adds the records of `parts` until the buffer is full; false when retention has removed a block. */
  async #addParts(
    queue: LmqQueue,
    parts: readonly PlacedPart[],
    pulled: PullBuffer,
  ): Promise<boolean> {
    const blocks = await this.#blocks(parts.map(({ part }) => part.block));
    for (const { firstOffset, part } of parts) {
      if (pulled.isFull) return true;
      const block = blocks.get(part.block);
      if (block === undefined) {
        if (part.block < this.#bounds.start.block) return false;
        throw corrupt(this.#engine.directory, `block ${String(part.block)} of the log is missing`);
      }
      const positions = positionsOf(part, block);
      if (positions === undefined) {
        const place = `offset ${String(firstOffset)} of queue ${queue.name}`;
        throw corrupt(
          this.#engine.directory,
          `block ${String(part.block)} of the log has no records for ${place}`,
        );
      }
      pulled.add(new RecordSegment(firstOffset, block, positions));
    }
    return true;
  }

  /** Blocks by number, without those that do not exist. */
  async #blocks(numbers: readonly number[]): Promise<Map<number, Buffer>> {
    const found = new Map<number, Buffer>();
    const missing: number[] = [];
    for (const number of numbers) {
      if (found.has(number)) continue;
      const block = this.#tail.find(number)?.buffer ?? this.#cache.get(number);
      if (block === undefined) missing.push(number);
      else found.set(number, block);
    }
    const values = await this.#engine.getMany(missing.map(logKey));
    for (const [index, block] of values.entries()) {
      if (block === undefined) continue;
      const number = missing[index] as number;
      const damage = blockDamage(block);
      if (damage !== undefined) {
        throw corrupt(this.#engine.directory, `block ${String(number)} of the log: ${damage}`);
      }
      found.set(number, block);
      this.#cache.set(number, block);
    }
    return found;
  }

  #gap(queue: LmqQueue, offset: QueueOffset): Error {
    const place = `offset ${String(offset)} of queue ${queue.name}`;
    return corrupt(this.#engine.directory, `no index entry for ${place}`);
  }
}

function outOfBounds(queue: LmqQueue, offset: QueueOffset): PullResult | undefined {
  const { minOffset, maxOffset } = queue;
  if (offset > maxOffset) return notFound(PullStatus.OFFSET_OVERFLOW, maxOffset);
  if (offset === maxOffset) return notFound(PullStatus.NO_NEW_MSG, maxOffset);
  return offset < minOffset ? notFound(PullStatus.OFFSET_TOO_SMALL, minOffset) : undefined;
}

function notFound(status: PullStatus, nextOffset: QueueOffset): PullResult {
  return { status, segments: [], nextOffset };
}
