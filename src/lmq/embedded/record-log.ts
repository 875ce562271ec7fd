import { copyBytes } from '../../common/bytes/copy-bytes.ts';
import type { Clock } from '../../common/clock.ts';
import { recordLength, recordSize, stampRecord, writeRecord } from '../spi/record.ts';
import type { MessageHead } from '../spi/message-head.ts';
import type { PayloadRun } from '../spi/payload-run.ts';
import type { Arrival, CommitNumber, StoreTopic } from '../spi/types.ts';
import { BlockWriter } from './block-writer.ts';
import { CommitIndex } from './commit-index.ts';
import { type CommitPart, type CommitTrigger, PartOfCommit } from './commit-part.ts';
import type { KvBatch } from './kv-batch.ts';
import { LOG_KEY_BYTES, writeLogKey } from './layout/v1/log-key.ts';
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
const NO_ARRIVALS: readonly Arrival[] = [];

/** The append path: records go to blocks, their positions to one entry per queue and commit. */
export class RecordLog implements CommitPart {
  readonly #clock: Clock;
  readonly #trigger: CommitTrigger;
  readonly #topics: TopicTable;
  readonly #bounds: LogBounds;
  readonly #tail: TailRing;
  readonly #index: CommitIndex;
  readonly #writer: BlockWriter;
  readonly #copier = new RecordCopier();
  readonly #logKey = Buffer.alloc(LOG_KEY_BYTES);
  /** That of the current block. */
  #commit: CommitNumber = 1;
  #timeHigh = 0;
  #timeLow = 0;
  #arrivals: readonly Arrival[] = NO_ARRIVALS;
  #sealedBlocks: LogBlock[] = [];
  #sealedBytes = 0;
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
    this.#index = new CommitIndex(queues, recent, options.recentIndexQueues);
    this.#clock = options.clock;
    this.#trigger = trigger;
    this.#topics = topics;
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
    block.add(at - writer.start);
    this.#index.add(this.#topics.queuesOf(entry), block);
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
    block.add(at - writer.start);
    this.#index.add(this.#topics.queuesOf(entry), block);
    return this.#commit;
  }

  seal(): void {
    this.#sealedBytes = this.#writer.bytes;
    this.#sealedBlocks = this.#writer.take();
    let records = 0;
    for (const block of this.#sealedBlocks) records += block.records;
    this.#records += records;
    this.#bytes += this.#sealedBytes;
    if (this.#index.seal(records)) this.#trigger.touch(0, PartOfCommit.RECENT_INDEX);
  }

  ready(): Promise<void> | undefined {
    return this.#index.ready();
  }

  fill(batch: KvBatch): void {
    const [first] = this.#sealedBlocks;
    if (first === undefined) return;
    for (const block of this.#sealedBlocks) {
      writeLogKey(this.#logKey, block.number);
      batch.put(this.#logKey, block.buffer);
    }
    this.#index.fill(batch, first.number);
    this.#bounds.grow(batch, this.#sealedBlocks, this.#clock.now());
  }

  settle(isDurable: boolean): void {
    this.#sealedBytes = 0;
    this.#arrivals = this.#index.settle(isDurable);
    if (isDurable) for (const block of this.#sealedBlocks) this.#tail.push(block);
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
    this.#index.addNewest(this.#topics.queuesOf(entry), next - first);
    return next;
  }

  #roll(size: number): void {
    this.#commit = this.#trigger.touch(0, PartOfCommit.LOG);
    this.#writer.roll(size);
  }

  #readClock(): void {
    const now = this.#clock.now();
    this.#timeHigh = Math.floor(now / TWO_32);
    this.#timeLow = now % TWO_32;
  }
}
