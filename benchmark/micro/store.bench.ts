// Append and read of the embedded store beside RocksDB with one entry for each record. Alone:
// node --import=ts-blank-space/register benchmark/micro/store.bench.ts
import { Buffer } from 'node:buffer';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger } from '../../src/common/logger.ts';
import { createEmbeddedStore } from '../../src/lmq/embedded/embedded-store.ts';
import { createKvEngine } from '../../src/lmq/embedded/kv-engine.ts';
import type { KvEngine } from '../../src/lmq/embedded/kv-engine.ts';
import { DEFAULT_STORE_OPTIONS } from '../../src/lmq/embedded/store-options.ts';
import type { LmqStore } from '../../src/lmq/spi/lmq-store.ts';
import { topicQueueName } from '../../src/lmq/spi/queue-name.ts';
import { NO_EXPIRY } from '../../src/lmq/spi/record.ts';
import { conclude, effort } from './measure.ts';

const RECORDS = 20_000;
/** Records written in one turn of the event loop, and entries of one batch. */
const PER_TURN = 1_000;
const TOPIC = 'bench/0';
const publisher = Buffer.from('bench-1');
const head = { flags: 1, publisher, properties: Buffer.alloc(0), expirySeconds: NO_EXPIRY };
const payload = Buffer.alloc(64, 'x');
const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

async function append(store: LmqStore): Promise<number> {
  const topic = store.topic(TOPIC);
  let commit = 0;
  for (let done = 0; done < RECORDS; done += PER_TURN) {
    for (let i = 0; i < PER_TURN; i++) {
      commit = store.append(topic, head, payload, 0, payload.length);
    }
    await nextTurn();
  }
  await store.committed(commit);
  return RECORDS;
}

async function read(store: LmqStore): Promise<number> {
  const queue = await store.openQueue(topicQueueName(TOPIC));
  let offset = queue.minOffset;
  let bytes = 0;
  while (offset < queue.maxOffset) {
    const { segments, nextOffset } = await store.pull(queue, offset, 4_096, 1 << 20);
    for (const { buffer, positions, start, count } of segments) {
      for (let i = start; i < start + count; i++) bytes += buffer[positions[i] as number] as number;
    }
    offset = nextOffset;
  }
  if (bytes < 0) throw new Error('nothing was read');
  store.closeQueue(queue);
  return queue.maxOffset;
}

let key = 0;

function putBatch(db: KvEngine): Promise<void> {
  const batch = db.batch();
  for (let i = 0; i < PER_TURN; i++) batch.put(Buffer.from(String(key++).padStart(12)), payload);
  return new Promise((resolve, reject) => {
    const isDone = batch.write(false, (error) => {
      if (error === undefined) resolve();
      else reject(error);
    });
    if (isDone) resolve();
  });
}

async function put(db: KvEngine): Promise<number> {
  for (let done = 0; done < RECORDS; done += PER_TURN) await putBatch(db);
  return RECORDS;
}

async function iterate(db: KvEngine): Promise<number> {
  let bytes = 0;
  let entries = 0;
  for await (const { value } of db.scan({ gte: Buffer.from(' '), lt: Buffer.from('a') })) {
    bytes += value[0] as number;
    entries++;
  }
  if (bytes < 0) throw new Error('nothing was read');
  return entries;
}

/** Operations per second of both, best of several rounds; they take turns. */
async function compare(
  title: string,
  own: readonly [name: string, run: () => Promise<number>],
  other: readonly [name: string, run: () => Promise<number>],
): Promise<void> {
  const best = [0, 0];
  for (let round = 0; round < effort.rounds; round++) {
    for (const [index, [, run]] of [own, other].entries()) {
      const start = performance.now();
      const done = await run();
      const rate = (done * 1000) / (performance.now() - start);
      best[index] = Math.max(best[index] ?? 0, rate);
    }
  }
  const [ownRate = 0, otherRate = 0] = best;
  conclude(title, { name: own[0], rate: ownRate }, { name: other[0], rate: otherRate });
}

const directory = await mkdtemp(join(tmpdir(), 'lmqtt-micro-'));
try {
  const store = createEmbeddedStore({ directory: join(directory, 'store') });
  await store.start();
  const plain = join(directory, 'plain');
  await mkdir(plain);
  const { writeBufferBytes, cacheBytes, compression } = DEFAULT_STORE_OPTIONS;
  const db = createKvEngine({
    directory: plain,
    writeBufferBytes,
    cacheBytes,
    compression,
    logger: silentLogger,
  });
  await db.open();
  await compare(
    'append records of 64 B to one queue',
    ['lmqtt store', () => append(store)],
    ['RocksDB, an entry a record', () => put(db)],
  );
  await compare(
    'read the records of one queue',
    ['lmqtt store', () => read(store)],
    ['RocksDB, all entries', () => iterate(db)],
  );
  await db.close();
  await store.stop();
} finally {
  await rm(directory, { recursive: true });
}
