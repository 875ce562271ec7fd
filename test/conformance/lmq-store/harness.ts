import type { LmqStore } from '../../../src/lmq/spi/lmq-store.ts';
import {
  NO_EXPIRY,
  recordBornTime,
  recordExpiry,
  recordPayload,
  recordProperties,
  recordPublisher,
  recordQos,
  recordRetain,
  recordTopic,
} from '../../../src/lmq/spi/record.ts';
import { positionAt } from '../../../src/lmq/spi/record-segment.ts';
import {
  PullStatus,
  type CommitNumber,
  type Queue,
  type QueueName,
  type Segment,
} from '../../../src/lmq/spi/types.ts';

/** One store to test, with what its kind can do. */
export interface StoreUnderTest {
  /** Started; replaced by `reopen`. */
  store: LmqStore;
  /** Stops the store and starts another one on the same data. Absent when nothing survives. */
  reopen?(): Promise<LmqStore>;
  /** What the store's clock says. */
  now(): number;
  /** Makes every commit fail that is not yet written. */
  failCommits(): void;
  /** Has retention remove all that is committed now, and returns when that is done. */
  expireAll(): Promise<void>;
  /** Waits for figures of the store (`stats`) that are not older than the call; absent when they never are. */
  freshFigures?(): Promise<void>;
  /** Stops the store and removes its data. */
  dispose(): Promise<void>;
}

export interface FactoryOptions {
  readonly maxBacklogBytes?: number;
}

export type StoreFactory = (options?: FactoryOptions) => Promise<StoreUnderTest>;

/** Gives each test of a `describe` a store of its own. */
export function freshStore(
  factory: StoreFactory,
  options: FactoryOptions = {},
): () => StoreUnderTest {
  let current: StoreUnderTest | undefined;
  beforeEach(async () => {
    current = await factory(options);
  });
  afterEach(async () => {
    await current?.dispose();
    current = undefined;
  });
  return () => {
    if (current === undefined) throw new Error('no store outside of a test');
    return current;
  };
}

export interface PublishOptions {
  readonly flags?: number;
  readonly publisher?: string;
  readonly properties?: Buffer;
  readonly expiry?: number;
}

export function publish(
  store: LmqStore,
  topic: string,
  payload: string | Buffer,
  options: PublishOptions = {},
): CommitNumber {
  const bytes = Buffer.from(payload);
  const head = {
    flags: options.flags ?? 1,
    publisher: Buffer.from(options.publisher ?? 'publisher'),
    properties: options.properties ?? Buffer.alloc(0),
    expirySeconds: options.expiry ?? NO_EXPIRY,
  };
  return store.append(store.topic(topic), head, bytes, 0, bytes.length);
}

/** Publishes and waits until it is durable. */
export async function put(store: LmqStore, topic: string, ...payloads: string[]): Promise<void> {
  let commit = 0;
  for (const payload of payloads) commit = publish(store, topic, payload);
  await store.committed(commit);
}

export interface ReadRecord {
  readonly offset: number;
  readonly topic: string;
  readonly payload: string;
  readonly publisher: string;
  readonly qos: number;
  readonly retain: boolean;
  readonly expiry: number;
  readonly properties: Buffer;
  readonly bornTime: number;
}

export function recordsOf(segment: Segment): ReadRecord[] {
  const { buffer } = segment;
  return Array.from({ length: segment.count }, (_, i) => {
    const at = positionAt(segment, segment.firstOffset + i);
    return {
      offset: segment.firstOffset + i,
      topic: recordTopic(buffer, at),
      payload: recordPayload(buffer, at).toString(),
      publisher: recordPublisher(buffer, at),
      qos: recordQos(buffer, at),
      retain: recordRetain(buffer, at),
      expiry: recordExpiry(buffer, at),
      properties: recordProperties(buffer, at),
      bornTime: recordBornTime(buffer, at),
    };
  });
}

/** Everything from `offset` to the end, by pulls of `maxMessages`. */
export async function readFrom(
  store: LmqStore,
  queue: Queue,
  offset: number,
  maxMessages = 100,
): Promise<ReadRecord[]> {
  const records: ReadRecord[] = [];
  for (let next = offset; ;) {
    const result = await store.pull(queue, next, maxMessages, 1 << 20);
    if (result.status !== PullStatus.FOUND) return records;
    for (const segment of result.segments) {
      records.push(...recordsOf(segment).filter((record) => record.offset >= next));
    }
    next = result.nextOffset;
  }
}

/** Payloads of a queue from its first to its last offset; opens and closes it. */
export async function payloads(store: LmqStore, name: QueueName): Promise<string[]> {
  const queue = await store.openQueue(name);
  const records = await readFrom(store, queue, queue.minOffset);
  store.closeQueue(queue);
  return records.map((record) => record.payload);
}

/** What `promise` rejects with; undefined when it resolves. */
export async function rejection(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
    return undefined;
  } catch (error) {
    return error;
  }
}

export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
