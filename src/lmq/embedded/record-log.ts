import { copyBytes } from '../../common/bytes/copy-bytes.ts';
import { Prefixes } from '../../common/bytes/prefixes.ts';
import type { Clock } from '../../common/clock.ts';
import { recordLength, recordSize, stampRecord, writeRecord } from '../spi/record.ts';
import type { MessageHead } from '../spi/message-head.ts';
import type { PayloadRun } from '../spi/payload-run.ts';
import type { Arrival, CommitNumber, StoreTopic } from '../spi/types.ts';
import { BlockWriter } from './block-writer.ts';
import { type CommitPart, type CommitTrigger, PartOfCommit } from './commit-part.ts';
import type { KvBatch } from './kv-engine.ts';
import { INDEX_KEY_BYTES, writeIndexKey } from './layout/v1/index-key.ts';
import { encodeIndexEntry, maxEntryBytes } from './layout/v1/index-entry.ts';
import { LOG_KEY_BYTES, writeLogKey } from './layout/v1/log-key.ts';
import { LmqSegment, recordsFrom, type LmqQueue } from './lmq-queue.ts';
import type { LogBlock } from './log-block.ts';
import type { LogBounds } from './log-bounds.ts';
import type { QueueTable } from './queue-table.ts';
import { RecordCopier } from './record-copier.ts';
import type { RecentIndex } from './recent-index.ts';
import type { EmbeddedStoreOptions } from './store-options.ts';
import type { TailRing } from './tail-ring.ts';
import { TopicEntry, type TopicTable } from './topic-table.ts';

/** Records of a block between two looks at the clock. */
const TIME_MASK = 63;
const TWO_32 = 0x1_0000_0000;
const FIRST_ENTRY_BYTES = 64 * 1024;
const NO_ENTRIES: LmqSegment[] = [];
const NO_ARRIVALS: readonly Arrival[] = [];
/** Records of a commit for each queue below which its index entries are worth joining with those of others. */
const FEW_RECORDS = 4;

/** The append path: records go to blocks, their positions to one entry per queue and commit. */
export class RecordLog implements CommitPart {
  readonly #clock: Clock;
  readonly #trigger: CommitTrigger;
  readonly #topics: TopicTable;
  readonly #queues: QueueTable;
  readonly #bounds: LogBounds;
  readonly #tail: TailRing;
  readonly #recent: RecentIndex;
  readonly #manyQueues: number;
  readonly #writer: BlockWriter;
  readonly #copier = new RecordCopier();
  readonly #logKey = Buffer.alloc(LOG_KEY_BYTES);
  readonly #indexKey = Buffer.alloc(INDEX_KEY_BYTES);
  #entryBuffer: Buffer = Buffer.allocUnsafeSlow(FIRST_ENTRY_BYTES);
  #entryValues: Prefixes = new Prefixes(this.#entryBuffer);
  /** That of the current block. */
  #commit: CommitNumber = 1;
  #timeHigh = 0;
  #timeLow = 0;
  /** First segments of the queues in the open commit, and in the one in flight. */
  #entries: LmqSegment[] = [];
  #sealedEntries: LmqSegment[] = NO_ENTRIES;
  #arrivals: readonly Arrival[] = NO_ARRIVALS;
  #sealedBlocks: LogBlock[] = [];
  #sealedBytes = 0;
  /** The sealed commit adds little to each of many queues. */
  #isWide = false;
  #records = 0;
  #bytes = 0;

  constructor(
    options: Pick<EmbeddedStoreOptions, 'clock' | 'blockBytes' | 'recentIndexQueues'>,
    trigger: CommitTrigger,
    topics: TopicTable,
    queues: QueueTable,
    bounds: LogBounds,
    tail: TailRing,
    recent: RecentIndex,
  ) {
    this.#recent = recent;
    this.#manyQueues = options.recentIndexQueues;
    this.#clock = options.clock;
    this.#trigger = trigger;
    this.#topics = topics;
    this.#queues = queues;
    this.#bounds = bounds;
    this.#tail = tail;
    this.#writer = new BlockWriter(options.blockBytes);
  }

  /** Goes on behind what is on disk. */
  start(): void {
    this.#writer.nextNumber = this.#bounds.end.block;
  }

  /** Bytes of records that are not durable. */
  get backlogBytes(): number {
    return this.#sealedBytes + this.#writer.bytes;
  }

  get recordsAppended(): number {
    return this.#records + (this.#writer.limit === 0 ? 0 : this.#writer.block.records);
  }

  get bytesAppended(): number {
    return this.#bytes + this.#writer.bytes;
  }

  /** Queues that grew with the commit that has just become durable; given once. */
  takeArrivals(): readonly Arrival[] {
    const arrivals = this.#arrivals;
    this.#arrivals = NO_ARRIVALS;
    return arrivals;
  }

  append(
    topic: StoreTopic,
    head: MessageHead,
    payload: Buffer,
    payloadStart: number,
    payloadEnd: number,
  ): CommitNumber {
    const entry = TopicEntry.of(topic);
    const { bytes } = entry;
    const { publisher, properties } = head;
    const size = recordSize(
      bytes.length,
      publisher.length,
      properties.length,
      payloadEnd - payloadStart,
    );
    const writer = this.#writer;
    if (writer.at + size > writer.limit) this.#roll(size);
    const block = writer.block;
    if ((block.records & TIME_MASK) === 0) this.#readClock();
    const at = writer.at;
    writer.at = writeRecord(
      writer.slab,
      at,
      head.flags,
      bytes,
      publisher,
      properties,
      head.expirySeconds,
      this.#timeHigh,
      this.#timeLow,
      payload,
      payloadStart,
      payloadEnd,
    );
    this.#index(entry, block, at - writer.start);
    return this.#commit;
  }

  /** Several that are alike in all but the payload: the first one in each block is written, the others are copies of it. */
  appendRun(topic: StoreTopic, head: MessageHead, run: PayloadRun): CommitNumber {
    const { source, count, starts, ends } = run;
    const entry = TopicEntry.of(topic);
    const bytes = entry.bytes.length;
    const beforePayload = recordSize(bytes, head.publisher.length, head.properties.length, 0);
    for (let i = 0; i < count;) {
      const start = starts[i] as number;
      const end = ends[i] as number;
      this.append(topic, head, source, start, end);
      i = this.#appendAlike(entry, beforePayload, end - start, run, i + 1);
    }
    return this.#commit;
  }

  appendRecord(topic: StoreTopic, record: Buffer, start: number, origin: number): CommitNumber {
    const entry = TopicEntry.of(topic);
    const size = recordLength(record, start);
    const writer = this.#writer;
    if (writer.at + size > writer.limit) this.#roll(size);
    const block = writer.block;
    if ((block.records & TIME_MASK) === 0) this.#readClock();
    const at = writer.at;
    writer.at = copyBytes(record, start, start + size, writer.slab, at);
    stampRecord(writer.slab, at, this.#timeHigh, this.#timeLow, origin);
    this.#index(entry, block, at - writer.start);
    return this.#commit;
  }

  seal(): void {
    this.#sealedBytes = this.#writer.bytes;
    this.#sealedBlocks = this.#writer.take();
    for (const block of this.#sealedBlocks) this.#records += block.records;
    this.#bytes += this.#sealedBytes;
    this.#sealedEntries = this.#entries;
    this.#entries = [];
    for (const entry of this.#sealedEntries) {
      const { queue } = entry;
      queue.pending = undefined;
      queue.current = undefined;
      queue.sealed = entry;
    }
    this.#isWide = this.#sealedEntries.length >= this.#manyQueues && this.#areFew();
    if (this.#isWide || !this.#recent.isEmpty) this.#trigger.touch(0, PartOfCommit.RECENT_INDEX);
  }

  ready(): Promise<void> | undefined {
    let waiting: Set<Promise<void>> | undefined;
    for (const { queue } of this.#sealedEntries) {
      if (queue.loading !== undefined) (waiting ??= new Set()).add(queue.loading);
    }
    return waiting === undefined ? undefined : Promise.all(waiting).then(() => undefined);
  }

  fill(batch: KvBatch): void {
    if (this.#sealedBlocks.length === 0) return;
    for (const block of this.#sealedBlocks) {
      writeLogKey(this.#logKey, block.number);
      batch.put(this.#logKey, block.buffer);
    }
    this.#fillIndex(batch);
    this.#bounds.grow(batch, this.#sealedBlocks, this.#clock.now());
  }

  settle(isDurable: boolean): void {
    this.#sealedBytes = 0;
    const entries = this.#sealedEntries;
    this.#sealedEntries = NO_ENTRIES;
    for (const { queue } of entries) queue.sealed = undefined;
    if (isDurable) {
      const arrivals: Arrival[] = entries;
      for (let i = 0; i < entries.length; i++) arrivals[i] = settleEntry(entries[i] as LmqSegment);
      this.#arrivals = arrivals;
      for (const block of this.#sealedBlocks) this.#tail.push(block);
    }
    this.#sealedBlocks = [];
  }

  /**
   * Records as the newest one, which has `beforePayload` and `payload` bytes, until the clock is due or the block is full;
   * returns how far it has come.
   */
  #appendAlike(
    entry: TopicEntry,
    beforePayload: number,
    payload: number,
    run: PayloadRun,
    first: number,
  ): number {
    const writer = this.#writer;
    const { block } = writer;
    const end = Math.min(run.count, first + (-block.records & TIME_MASK));
    if (first >= end) return first;
    const like = writer.at - beforePayload - payload;
    const next = this.#copier.write(writer, like, beforePayload, run, first, end);
    if (next === first) return first;
    const queues = this.#topics.queuesOf(entry);
    for (const { current } of queues) (current as LmqSegment).addNewest(next - first);
    return next;
  }

  /** Notes where the record lies, in its block and for each queue of its topic. */
  #index(entry: TopicEntry, block: LogBlock, position: number): void {
    block.add(position);
    const queues = this.#topics.queuesOf(entry);
    for (let i = 0; i < queues.length; i++) {
      const { current } = queues[i] as LmqQueue;
      if (current !== undefined && current.block === block) current.add();
      else this.#touch(queues, i, block);
    }
  }

  /** An entry for each queue, or all in one value when each gets little: then they are joined later. */
  #fillIndex(batch: KvBatch): void {
    const recent = this.#recent;
    const entries = this.#sealedEntries;
    if (!this.#isWide && recent.isEmpty) {
      for (const entry of entries) this.#fillEntry(batch, entry, placeEntry(entry));
      return;
    }
    recent.begin((this.#sealedBlocks[0] as LogBlock).number);
    for (const entry of entries) {
      const records = placeEntry(entry);
      const { id } = entry.queue;
      if (this.#isWide || recent.has(id)) recent.add(id, entry.firstOffset, records, entry);
      else this.#fillEntry(batch, entry, records);
    }
  }

  /** Whether the sealed commit adds few records to each queue, on the average. */
  #areFew(): boolean {
    let records = 0;
    for (const block of this.#sealedBlocks) records += block.records;
    return records < FEW_RECORDS * this.#sealedEntries.length;
  }

  #fillEntry(batch: KvBatch, entry: LmqSegment, records: number): void {
    const room = maxEntryBytes(entry, records);
    if (room > this.#entryBuffer.length) {
      this.#entryBuffer = Buffer.allocUnsafeSlow(room * 2);
      this.#entryValues = new Prefixes(this.#entryBuffer);
    }
    const length = encodeIndexEntry(this.#entryBuffer, records, entry);
    writeIndexKey(this.#indexKey, entry.queue.id, entry.firstOffset);
    batch.put(this.#indexKey, this.#entryValues.of(length));
  }

  #roll(size: number): void {
    this.#commit = this.#trigger.touch(0, PartOfCommit.LOG);
    this.#writer.roll(size);
  }

  /** The first record of the open commit for a queue, or the first one in a block; an evicted queue is looked up again. */
  #touch(queues: LmqQueue[], index: number, block: LogBlock): void {
    let queue = queues[index] as LmqQueue;
    if (queue.isEvicted) {
      queue = this.#queues.get(queue.name);
      queues[index] = queue;
    }
    queue.wasUsed = true;
    const { current } = queue;
    if (current !== undefined && current.block === block) {
      // found again under another handle of the topic
      current.add();
      return;
    }
    const segment = new LmqSegment(queue, block);
    queue.current = segment;
    if (current !== undefined) {
      current.next = segment;
      return;
    }
    queue.pending = segment;
    // The literal has room for one, what push makes has room for 17: most commits of a quiet store have one.
    if (this.#entries.length === 0) this.#entries = [segment];
    else this.#entries.push(segment);
  }

  #readClock(): void {
    const now = this.#clock.now();
    this.#timeHigh = Math.floor(now / TWO_32);
    this.#timeLow = now % TWO_32;
  }
}

/** Says where the segments of a queue begin; returns the number of their records. */
function placeEntry(first: LmqSegment): number {
  const { maxOffset } = first.queue;
  let offset = maxOffset;
  for (let segment: LmqSegment | undefined = first; segment !== undefined; segment = segment.next) {
    segment.firstOffset = offset;
    offset += segment.count;
  }
  return offset - maxOffset;
}

/** The queue has got what a commit has put into its segments from `first` on; returns what is told of it. */
function settleEntry(first: LmqSegment): Arrival {
  const { queue, firstOffset } = first;
  if (queue.minOffset === queue.maxOffset && queue.hasMinimum) queue.minBlock = first.blockNumber;
  const arrival =
    first.next === undefined ? first : { queue, firstOffset, count: recordsFrom(first) };
  for (let segment: LmqSegment | undefined = first; segment !== undefined;) {
    const { next }: LmqSegment = segment;
    queue.maxOffset += segment.count;
    queue.pushTail(segment);
    segment.block.addSegment(segment);
    segment = next;
  }
  return arrival;
}
