// The store in a process of its own beside the same store in this process: records that are appended, durable and
// read again from the tail; and one record at a time. Alone:
// node --import=ts-blank-space/register benchmark/micro/remote-store.bench.ts
import { Buffer } from 'node:buffer';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createEmbeddedStore } from '../../src/lmq/embedded/embedded-store.ts';
import { createRemoteStore } from '../../src/lmq/remote/create-remote-store.ts';
import type { LmqStore } from '../../src/lmq/spi/lmq-store.ts';
import { NO_EXPIRY } from '../../src/lmq/spi/record.ts';
import { positionAt } from '../../src/lmq/spi/record-segment.ts';
import { topicQueueName } from '../../src/lmq/spi/queue-name.ts';
import { conclude, effort } from './measure.ts';

/** Records written in one turn of the event loop, and those that are not durable at a time. */
const PER_TURN = 500;
const UNDER_WAY = 20_000;
const publisher = Buffer.from('bench-1');
const head = { flags: 1, publisher, properties: Buffer.alloc(0), expirySeconds: NO_EXPIRY };
const payload = Buffer.alloc(64, 'x');
const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Appends to the topics in turn and reads everything from the tails of their queues. */
class Load {
  readonly #store: LmqStore;
  readonly #topics: string[];
  #received = 0;
  #sum = 0;

  constructor(store: LmqStore, topics: number) {
    this.#store = store;
    this.#topics = Array.from({ length: topics }, (_, i) => `bench/${String(i)}`);
    store.onArrival((arrivals) => {
      for (const { queue, firstOffset, count } of arrivals) this.#read(queue, firstOffset, count);
    });
  }

  async open(): Promise<void> {
    await Promise.all(this.#topics.map((topic) => this.#store.openQueue(topicQueueName(topic))));
  }

  /** Records a second. */
  async run(ms: number): Promise<number> {
    const store = this.#store;
    const topics = this.#topics.map((name) => store.topic(name));
    this.#received = 0;
    let sent = 0;
    const start = performance.now();
    const append = (): void => {
      const topic = topics[sent++ % topics.length];
      if (topic === undefined) return;
      store.append(topic, head, payload, 0, payload.length);
    };
    while (performance.now() < start + ms) {
      if (sent - this.#received < UNDER_WAY) for (let i = 0; i < PER_TURN; i++) append();
      await nextTurn();
    }
    while (this.#received < sent) await nextTurn();
    if (this.#sum < 0) throw new Error('nothing was read');
    return (sent * 1000) / (performance.now() - start);
  }

  #read(queue: Parameters<LmqStore['tail']>[0], firstOffset: number, count: number): void {
    const end = firstOffset + count;
    for (let offset = firstOffset; offset < end;) {
      const segment = this.#store.tail(queue, offset);
      if (segment === undefined) throw new Error('not in the tail');
      for (; offset < segment.firstOffset + segment.count; offset++) {
        this.#sum += segment.buffer[positionAt(segment, offset)] ?? 0;
      }
    }
    this.#received += count;
  }
}

/** Median time of a lone record to be durable, in milliseconds. */
async function latency(store: LmqStore): Promise<number> {
  const topic = store.topic('bench/alone');
  const times: number[] = [];
  for (let i = 0; i < 300; i++) {
    const start = performance.now();
    const commit = store.append(topic, head, payload, 0, payload.length);
    await store.committed(commit);
    times.push(performance.now() - start);
  }
  return times.sort((a, b) => a - b)[times.length >>> 1] ?? 0;
}

async function compare(remote: LmqStore, embedded: LmqStore, topics: number): Promise<void> {
  const loads = [new Load(remote, topics), new Load(embedded, topics)] as const;
  const best = [0, 0];
  for (const load of loads) await load.open();
  for (let round = 0; round < effort.rounds; round++) {
    for (const [index, load] of loads.entries()) {
      best[index] = Math.max(best[index] ?? 0, await load.run(effort.roundMs * 5));
    }
  }
  const [own = 0, other = 0] = best;
  conclude(
    `append 64 B to ${String(topics)} topic(s), durable, read from the tail`,
    { name: 'in a process of its own', rate: own },
    { name: 'in this process', rate: other },
  );
}

const directory = await mkdtemp(join(tmpdir(), 'lmqtt-micro-'));
const child = spawn(
  process.execPath,
  [
    '--import=ts-blank-space/register',
    join(import.meta.dirname, 'remote-server.ts'),
    join(directory, 'remote'),
  ],
  { stdio: ['pipe', 'pipe', 'inherit'] },
);
try {
  const [said] = (await once(child.stdout, 'data')) as [Buffer];
  const address = `127.0.0.1:${String(Number(said))}`;
  const credentials = {};
  const remote = createRemoteStore({ nodeName: 'bench', addresses: () => [address], credentials });
  await remote.start();
  const embedded = createEmbeddedStore({ directory: join(directory, 'embedded') });
  await embedded.start();
  for (const topics of [1, 100, 5_000]) await compare(remote, embedded, topics);
  const [far, near] = [await latency(remote), await latency(embedded)];
  process.stdout.write(
    `a lone record is durable after ${far.toFixed(2)} ms there, ${near.toFixed(2)} ms here (p50)\n`,
  );
  await remote.stop();
  await embedded.stop();
} finally {
  child.stdin.end();
  await once(child, 'exit');
  await rm(directory, { recursive: true });
}
