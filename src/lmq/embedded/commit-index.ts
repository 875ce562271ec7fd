import { Prefixes } from '../../common/bytes/prefixes.ts';
import type { Arrival } from '../spi/types.ts';
import type { KvBatch } from './kv-batch.ts';
import { encodeIndexEntry, maxEntryBytes } from './layout/v1/index-entry.ts';
import { INDEX_KEY_BYTES, writeIndexKey } from './layout/v1/index-key.ts';
import { LmqSegment, recordsFrom, type LmqQueue } from './lmq-queue.ts';
import type { LogBlock } from './log-block.ts';
import type { QueueTable } from './queue-table.ts';
import type { RecentIndex } from './recent-index.ts';

const FIRST_ENTRY_BYTES = 64 * 1024;
const NO_ENTRIES: LmqSegment[] = [];
const NO_ARRIVALS: readonly Arrival[] = [];
/** Records of a commit for each queue below which its index entries are worth joining with those of others. */
const FEW_RECORDS = 4;

/**
 * What a commit adds to queues: segments of records, of which their index entries are made, the arrivals and what their
 * tails get. Knows the open commit and the one in flight, as a `CommitPart` does.
 */
export class CommitIndex {
  readonly #queues: QueueTable;
  readonly #recent: RecentIndex;
  readonly #manyQueues: number;
  readonly #key = Buffer.alloc(INDEX_KEY_BYTES);
  #buffer: Buffer = Buffer.allocUnsafeSlow(FIRST_ENTRY_BYTES);
  #values: Prefixes = new Prefixes(this.#buffer);
  /** First segments of the queues in the open commit, and in the one in flight. */
  #entries: LmqSegment[] = [];
  #sealed: LmqSegment[] = NO_ENTRIES;
  /** The sealed commit adds little to each of many queues. */
  #isWide = false;

  /** @param manyQueues from which on a commit may have its entries in one value */
  constructor(queues: QueueTable, recent: RecentIndex, manyQueues: number) {
    this.#queues = queues;
    this.#recent = recent;
    this.#manyQueues = manyQueues;
  }

  /** The newest record of `block` goes to `queues`; one that has been evicted is replaced in the list. */
  add(queues: LmqQueue[], block: LogBlock): void {
    for (let i = 0; i < queues.length; i++) {
      const { current } = queues[i] as LmqQueue;
      if (current !== undefined && current.block === block) current.add();
      else this.#touch(queues, i, block);
    }
  }

  /** The newest `records` of a block go to `queues`, to which the one before them has gone. */
  addNewest(queues: readonly LmqQueue[], records: number): void {
    for (const { current } of queues) (current as LmqSegment).addNewest(records);
  }

  /** What is written until now is one commit, of so many records. Returns whether `RecentIndex` has a part in it. */
  seal(records: number): boolean {
    const sealed = this.#entries;
    this.#sealed = sealed;
    this.#entries = [];
    for (const entry of sealed) {
      const { queue } = entry;
      queue.pending = undefined;
      queue.current = undefined;
      queue.sealed = entry;
    }
    this.#isWide = sealed.length >= this.#manyQueues && records < FEW_RECORDS * sealed.length;
    return this.#isWide || !this.#recent.isEmpty;
  }

  /** Ends when the bounds of all queues of the sealed commit are known; undefined when they are. */
  ready(): Promise<void> | undefined {
    let waiting: Set<Promise<void>> | undefined;
    for (const { queue } of this.#sealed) {
      if (queue.loading !== undefined) (waiting ??= new Set()).add(queue.loading);
    }
    return waiting === undefined ? undefined : Promise.all(waiting).then(() => undefined);
  }

  /**
   * An entry for each queue, or all in one value when each gets little: then they are joined later.
   * @param firstBlock number of the commit's first block
   */
  fill(batch: KvBatch, firstBlock: number): void {
    const recent = this.#recent;
    if (!this.#isWide && recent.isEmpty) {
      for (const entry of this.#sealed) this.#fillEntry(batch, entry, placeEntry(entry));
      return;
    }
    recent.begin(firstBlock);
    for (const entry of this.#sealed) {
      const records = placeEntry(entry);
      const { id } = entry.queue;
      if (this.#isWide || recent.has(id)) recent.add(id, entry.firstOffset, records, entry);
      else this.#fillEntry(batch, entry, records);
    }
  }

  /** The sealed commit is over; returns the queues that have grown, none when it has failed. */
  settle(isDurable: boolean): readonly Arrival[] {
    const entries = this.#sealed;
    this.#sealed = NO_ENTRIES;
    for (const { queue } of entries) queue.sealed = undefined;
    if (!isDurable) return NO_ARRIVALS;
    const arrivals: Arrival[] = entries;
    for (let i = 0; i < entries.length; i++) arrivals[i] = settleEntry(entries[i] as LmqSegment);
    return arrivals;
  }

  #fillEntry(batch: KvBatch, entry: LmqSegment, records: number): void {
    const room = maxEntryBytes(entry, records);
    if (room > this.#buffer.length) {
      this.#buffer = Buffer.allocUnsafeSlow(room * 2);
      this.#values = new Prefixes(this.#buffer);
    }
    const length = encodeIndexEntry(this.#buffer, records, entry);
    writeIndexKey(this.#key, entry.queue.id, entry.firstOffset);
    batch.put(this.#key, this.#values.of(length));
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
}

/** Says where the segments of a queue begin; returns the number of their records. */
function placeEntry(first: LmqSegment): number {
  const { maxOffset } = first.queue;
  let offset = maxOffset;
  for (let segment: LmqSegment | undefined = first; segment !== undefined; segment = segment.next) {
    segment.place(offset);
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
