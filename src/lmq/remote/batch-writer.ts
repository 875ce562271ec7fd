import { endianness } from 'node:os';
import type { Clock } from '../../common/clock.ts';
import type { Write } from '../../rpc/messages/store-v1.ts';
import type { MessageHead } from '../spi/message-head.ts';
import { recordLength, recordSize, writeRecord } from '../spi/record.ts';
import type { CommitNumber } from '../spi/types.ts';
import { FULL_BATCH_BYTES, MAX_BATCH_BYTES, TOPIC_WEIGHT_BYTES } from './remote-options.ts';
import type { RemoteTopic } from './remote-topic.ts';
import type { SealedBatch } from './sealed-batch.ts';
import { TopicNumbers } from './topic-numbers.ts';

const FIRST_BYTES = 64 * 1024;
const FIRST_RECORDS = 1024;
/** Buffers of settled batches that wait for their next one. */
const MAX_SPARE = 4;
/** Records between two looks at the clock. */
const TIME_MASK = 63;
const TWO_32 = 0x1_0000_0000;
/** What a write counts in the backlog beside its key and value. */
const WRITE_BYTES = 16;
const IS_BIG_ENDIAN = endianness() === 'BE';

export interface BatchEvents {
  /** The batch has begun, or has become large: it is to be looked at when the turn ends. */
  onGrowth(): void;
  /** The batch must be sealed before it can take more. */
  onFull(): void;
}

/** The open batch: records go straight into the buffer that is sent. */
export class BatchWriter {
  readonly #clock: Clock;
  readonly #events: BatchEvents;
  readonly #numbers = new TopicNumbers();
  #spare: Buffer[] = [];
  #buffer: Buffer = Buffer.allocUnsafeSlow(FIRST_BYTES);
  #at = 0;
  #topicNumbers = new Uint32Array(FIRST_RECORDS);
  #records = 0;
  #topics: RemoteTopic[] = [];
  #writes: Write[] = [];
  #writeBytes = 0;
  /** Topics of the open batch that the store has to look up. */
  #newTopics = 0;
  #isDirty = false;
  #timeHigh = 0;
  #timeLow = 0;
  #sealedRecords = 0;
  #sealedBytes = 0;

  constructor(clock: Clock, events: BatchEvents) {
    this.#clock = clock;
    this.#events = events;
  }

  /** Whether there is anything to commit. */
  get isDirty(): boolean {
    return this.#isDirty;
  }

  /** Whether the open batch has records. */
  get hasRecords(): boolean {
    return this.#records > 0;
  }

  /** In the life of this writer. */
  get recordsAppended(): number {
    return this.#sealedRecords + this.#records;
  }

  get bytesAppended(): number {
    return this.#sealedBytes + this.#at;
  }

  /** The writes so far. */
  get openWrites(): readonly Write[] {
    return this.#writes;
  }

  get bytes(): number {
    return this.#at + this.#writeBytes;
  }

  /** Whether it is to be closed when the turn ends: it is large, or much work for the store, which applies it in one turn. */
  get isFull(): boolean {
    return this.bytes + this.#newTopics * TOPIC_WEIGHT_BYTES >= FULL_BATCH_BYTES;
  }

  append(
    topic: RemoteTopic,
    head: MessageHead,
    payload: Buffer,
    payloadStart: number,
    payloadEnd: number,
  ): void {
    const { bytes } = topic;
    const { publisher, properties } = head;
    const size = recordSize(
      bytes.length,
      publisher.length,
      properties.length,
      payloadEnd - payloadStart,
    );
    if (this.#at + size > this.#buffer.length) this.#grow(size);
    if (topic.openRecords++ === 0) this.#touch(topic);
    const index = this.#records++;
    if ((index & TIME_MASK) === 0) this.#readClock();
    if (index === this.#topicNumbers.length) this.#growNumbers();
    this.#topicNumbers[index] = topic.number;
    this.#at = writeRecord(
      this.#buffer,
      this.#at,
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
  }

  /** Appends a record that is written already, as it is. */
  appendRecord(topic: RemoteTopic, record: Buffer, start: number): void {
    const size = recordLength(record, start);
    if (this.#at + size > this.#buffer.length) this.#grow(size);
    if (topic.openRecords++ === 0) this.#touch(topic);
    const index = this.#records++;
    if (index === this.#topicNumbers.length) this.#growNumbers();
    this.#topicNumbers[index] = topic.number;
    record.copy(this.#buffer, this.#at, start, start + size);
    this.#at += size;
  }

  /**
   * Adds a write behind the records so far.
   * @param bytes of its key and value
   */
  write(write: Omit<Write, 'beforeRecord'>, bytes: number): void {
    if (this.bytes > 0 && this.bytes + bytes > MAX_BATCH_BYTES) this.#events.onFull();
    this.touch();
    // What is new before what is spread: the other way round V8 makes a shape for each object (ADR 990).
    this.#writes.push({ beforeRecord: this.#records, ...write });
    this.#writeBytes += WRITE_BYTES + bytes;
    if (this.isFull) this.#events.onGrowth();
  }

  /** There shall be a commit even if nothing is written. */
  touch(): void {
    if (this.#isDirty) return;
    this.#isDirty = true;
    this.#numbers.beginBatch();
    this.#events.onGrowth();
  }

  /** Closes the batch and begins the next one. */
  seal(commit: CommitNumber): SealedBatch {
    const topicRecords: number[] = [];
    const topicNumbers: number[] = [];
    for (const topic of this.#topics) {
      topicNumbers.push(topic.number);
      topicRecords.push(topic.openRecords);
      topic.sealedRecords += topic.openRecords;
      topic.openRecords = 0;
    }
    const sealed = {
      commit,
      records: this.#buffer.subarray(0, this.#at),
      topicNumberOfRecord: this.#takeNumbers(),
      topics: this.#topics,
      topicNumbers,
      topicRecords,
      writes: this.#writes,
      bytes: this.bytes,
    };
    this.#sealedRecords += this.#records;
    this.#sealedBytes += this.#at;
    if (this.#at > 0) this.#buffer = this.#spare.pop() ?? Buffer.allocUnsafeSlow(FIRST_BYTES);
    this.#at = 0;
    this.#records = 0;
    this.#topics = [];
    this.#writes = [];
    this.#writeBytes = 0;
    this.#newTopics = 0;
    this.#isDirty = false;
    return sealed;
  }

  /** The memory of a settled batch, for the next ones. */
  recycle({ records }: SealedBatch): void {
    if (records.length === 0 || this.#spare.length >= MAX_SPARE) return;
    if (records.buffer.byteLength > FULL_BATCH_BYTES) return;
    this.#spare.push(Buffer.from(records.buffer));
  }

  #touch(topic: RemoteTopic): void {
    this.touch();
    this.#topics.push(topic);
    if (!this.#numbers.assign(topic)) return;
    this.#newTopics++;
    if (this.isFull) this.#events.onGrowth();
  }

  #grow(size: number): void {
    if (this.#at > 0 && this.bytes + size > MAX_BATCH_BYTES) {
      this.#events.onFull();
      if (size <= this.#buffer.length) return;
    }
    if (this.bytes + size >= FULL_BATCH_BYTES) this.#events.onGrowth();
    const needed = this.#at + size;
    const twice = Math.min(this.#buffer.length * 2, MAX_BATCH_BYTES);
    // A first record that is large gets no room beside it that nobody may use.
    const wished = this.#at === 0 ? FIRST_BYTES : twice;
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, wished));
    this.#buffer.copy(grown, 0, 0, this.#at);
    this.#buffer = grown;
  }

  #growNumbers(): void {
    const grown = new Uint32Array(this.#topicNumbers.length * 2);
    grown.set(this.#topicNumbers);
    this.#topicNumbers = grown;
  }

  #takeNumbers(): Buffer {
    const taken = Buffer.from(this.#topicNumbers.slice(0, this.#records).buffer);
    return IS_BIG_ENDIAN ? taken.swap32() : taken;
  }

  #readClock(): void {
    const now = this.#clock.now();
    this.#timeHigh = Math.floor(now / TWO_32);
    this.#timeLow = now % TWO_32;
  }
}
