import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createEmbeddedStore } from '../../src/lmq/embedded/embedded-store.ts';
import { topicQueueName } from '../../src/lmq/spi/queue-name.ts';
import { NO_EXPIRY } from '../../src/lmq/spi/record.ts';
import type { LmqStore } from '../../src/lmq/spi/lmq-store.ts';
import type { Queue, StoreTopic } from '../../src/lmq/spi/types.ts';

/** What the store is given as a scenario gives it. */
export interface StoreLoad {
  readonly topics: number;
  /** Records of one commit. */
  readonly batch: number;
  readonly qos: number;
  readonly payloadBytes: number;
}

const HEAD = {
  publisher: Buffer.from('publisher-1'),
  properties: Buffer.alloc(0),
  expirySeconds: NO_EXPIRY,
};

/** Reads all that is new in a queue out of the tail; returns the position after it. */
function readTail(store: LmqStore, queue: Queue, from: number): number {
  let offset = from;
  for (;;) {
    const segment = store.tail(queue, offset);
    if (segment === undefined) return offset;
    offset = segment.firstOffset + segment.count;
  }
}

async function append(
  store: LmqStore,
  topics: readonly StoreTopic[],
  queues: readonly Queue[],
  { batch, qos, payloadBytes }: StoreLoad,
  records: number,
): Promise<void> {
  const payload = Buffer.alloc(payloadBytes, 'x');
  const head = { flags: qos, ...HEAD };
  const offsets = queues.map((queue) => queue.maxOffset);
  for (let done = 0; done < records; done += batch) {
    let commit = 0;
    for (let i = 0; i < batch; i++) {
      const topic = topics[i % topics.length] as StoreTopic;
      const { length } = payload;
      commit = store.append(topic, head, payload, 0, length);
    }
    await store.committed(commit);
    for (const [index, queue] of queues.entries()) {
      offsets[index] = readTail(store, queue, offsets[index] ?? 0);
    }
  }
}

/** CPU time of this process for one record appended, committed and read from the tail, µs. */
export async function measureStore(load: StoreLoad, records: number): Promise<number> {
  const directory = mkdtempSync(join(tmpdir(), 'lmqtt-benchmark-'));
  const store = createEmbeddedStore({ directory });
  await store.start();
  try {
    const names = Array.from({ length: load.topics }, (_, index) => `bench/${String(index)}`);
    const topics = names.map((name) => store.topic(name));
    const queues = await Promise.all(names.map((name) => store.openQueue(topicQueueName(name))));
    await append(store, topics, queues, load, records / 4);
    const begin = process.cpuUsage();
    await append(store, topics, queues, load, records);
    const { user, system } = process.cpuUsage(begin);
    for (const queue of queues) store.closeQueue(queue);
    return (user + system) / records;
  } finally {
    await store.stop();
    rmSync(directory, { recursive: true, force: true });
  }
}
