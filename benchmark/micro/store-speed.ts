/**
 * Speed of the embedded store by itself. `node --import=ts-blank-space/register benchmark/micro/store-speed.ts [scenario…]`
 * prints records per second; scenarios are the names in `scenarios` below, all of them by default.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createEmbeddedStore } from '../../src/lmq/embedded/embedded-store.ts';
import type { EmbeddedStoreOptions } from '../../src/lmq/embedded/store-options.ts';
import type { LmqStore } from '../../src/lmq/spi/lmq-store.ts';
import { filterQueueName, topicQueueName } from '../../src/lmq/spi/queue-name.ts';
import { NO_EXPIRY } from '../../src/lmq/spi/record.ts';
import type { QueueName, StoreTopic } from '../../src/lmq/spi/types.ts';

const HEAD = {
  flags: 1,
  publisher: Buffer.from('bench-1'),
  properties: Buffer.alloc(0),
  expirySeconds: NO_EXPIRY,
};
/** Records appended in one turn of the event loop, as busy sockets do. */
const RECORDS_PER_TURN = 2_000;

interface Run {
  readonly store: LmqStore;
  readonly directory: string;
}

async function open(options: Partial<EmbeddedStoreOptions>): Promise<Run> {
  const directory = await mkdtemp(join(tmpdir(), 'lmqtt-bench-'));
  const store = createEmbeddedStore({ ...options, directory });
  await store.start();
  return { store, directory };
}

function writable(store: LmqStore): Promise<void> {
  if (store.writable) return Promise.resolve();
  return new Promise((resolve) => {
    waiting.push(resolve);
  });
}
let waiting: (() => void)[] = [];

async function fill(
  store: LmqStore,
  topics: StoreTopic[],
  records: number,
  payload: Buffer,
): Promise<void> {
  store.onWritable(() => {
    const woken = waiting;
    waiting = [];
    for (const wake of woken) wake();
  });
  let commit = 0;
  for (let done = 0; done < records;) {
    for (let i = 0; i < RECORDS_PER_TURN; i++, done++) {
      const topic = topics[done % topics.length] as StoreTopic;
      commit = store.append(topic, HEAD, payload, 0, payload.length);
    }
    await writable(store);
    await new Promise((resolve) => setImmediate(resolve));
  }
  await store.committed(commit);
}

async function append(
  label: string,
  topicCount: number,
  payloadBytes: number,
  records: number,
  options: Partial<EmbeddedStoreOptions> = {},
): Promise<void> {
  const { store, directory } = await open({ maxBacklogBytes: 8 << 20, ...options });
  const topics = Array.from({ length: topicCount }, (_, i) => store.topic(`bench/${String(i)}`));
  const payload = Buffer.alloc(payloadBytes, 'x');
  await fill(store, topics, records / 10, payload);
  const cpu = process.cpuUsage();
  const begin = performance.now();
  await fill(store, topics, records, payload);
  report(label, records, begin, cpu, `${String(store.stats.commits)} commits`);
  await store.stop();
  await rm(directory, { recursive: true });
}

function report(
  label: string,
  records: number,
  begin: number,
  cpu: NodeJS.CpuUsage,
  more = '',
): void {
  const seconds = (performance.now() - begin) / 1000;
  const used = process.cpuUsage(cpu);
  const nanoseconds = ((used.user + used.system) * 1000) / records;
  console.log(
    `${label.padEnd(34)} ${Math.round(records / seconds)
      .toLocaleString('en')
      .padStart(11)} records/s  ` + `${nanoseconds.toFixed(0).padStart(6)} ns CPU/record  ${more}`,
  );
}

async function tailRead(): Promise<void> {
  const { store, directory } = await open({});
  const topic = store.topic('bench/tail');
  await fill(store, [topic], 400_000, Buffer.alloc(16));
  const queue = await store.openQueue(topicQueueName('bench/tail'));
  let offset = queue.maxOffset;
  while (store.tail(queue, offset - 1) !== undefined)
    offset = (store.tail(queue, offset - 1) as { firstOffset: number }).firstOffset;
  const first = offset;
  const cpu = process.cpuUsage();
  const begin = performance.now();
  let segments = 0;
  let read = 0;
  for (let round = 0; round < 200; round++) {
    for (offset = first; ; segments++) {
      const segment = store.tail(queue, offset);
      if (segment === undefined) break;
      read += segment.count;
      offset = segment.firstOffset + segment.count;
    }
  }
  report('tail read', read, begin, cpu, `${String(segments)} segments`);
  await store.stop();
  await rm(directory, { recursive: true });
}

async function drainQueue(
  label: string,
  name: QueueName,
  topicCount: number,
  records: number,
): Promise<void> {
  const { store, directory } = await open({ maxBacklogBytes: 8 << 20 });
  const topics = Array.from({ length: topicCount }, (_, i) => store.topic(`bench/${String(i)}`));
  if (name === filterQueueName('bench/#')) await store.acquireFilter('bench/#', true);
  await fill(store, topics, records, Buffer.alloc(256, 'x'));
  await store.stop();
  const again = createEmbeddedStore({ directory });
  await again.start();
  const queue = await again.openQueue(name);
  const cpu = process.cpuUsage();
  const begin = performance.now();
  let pulls = 0;
  for (let offset = 0; offset < queue.maxOffset; pulls++) {
    const result = await again.pull(queue, offset, 4_096, 1 << 20);
    offset = result.nextOffset;
  }
  report(label, queue.maxOffset, begin, cpu, `${String(pulls)} pulls`);
  await again.stop();
  await rm(directory, { recursive: true });
}

async function latency(): Promise<void> {
  const { store, directory } = await open({});
  const topic = store.topic('bench/latency');
  const payload = Buffer.alloc(16);
  const times: number[] = [];
  for (let i = 0; i < 2_000; i++) {
    const begin = performance.now();
    await store.committed(store.append(topic, HEAD, payload, 0, 16));
    times.push((performance.now() - begin) * 1000);
  }
  times.sort((a, b) => a - b);
  console.log(
    `commit latency of one record: p50 ${String(Math.round(times[1000] as number))} µs, p99 ${String(Math.round(times[1980] as number))} µs`,
  );
  await store.stop();
  await rm(directory, { recursive: true });
}

const scenarios: Record<string, () => Promise<void>> = {
  append1: () => append('append 16 B, 1 topic', 1, 16, 6_000_000),
  append100: () => append('append 16 B, 100 topics', 100, 16, 6_000_000),
  append10k: () => append('append 16 B, 10,000 topics', 10_000, 16, 2_000_000),
  append1k: () => append('append 1 KiB, 1 topic', 1, 1024, 1_000_000),
  sync: () =>
    append('append 16 B, 100 topics, SYNC_FLUSH', 100, 16, 2_000_000, {
      flushDiskType: 'SYNC_FLUSH',
    }),
  tail: tailRead,
  drain: () => drainQueue('drain 256 B from disk, dense', topicQueueName('bench/0'), 1, 1_000_000),
  drainMixed: () =>
    drainQueue('drain 256 B from disk, 1 of 100', topicQueueName('bench/7'), 100, 1_000_000),
  drainSparse: () =>
    drainQueue('drain 256 B from disk, 1 of 1,000', topicQueueName('bench/7'), 1_000, 1_000_000),
  drainFilter: () =>
    drainQueue('drain 256 B from disk, filter', filterQueueName('bench/#'), 100, 1_000_000),
  latency,
};

const chosen = process.argv.slice(2);
for (const [name, run] of Object.entries(scenarios)) {
  if (chosen.length === 0 || chosen.includes(name)) await run();
}
