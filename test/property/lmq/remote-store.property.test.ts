import { expect } from 'chai';
import fc from 'fast-check';
import { systemClock } from '../../../src/common/clock.ts';
import { silentLogger } from '../../../src/common/logger.ts';
import { createMemoryStore } from '../../../src/lmq/memory/memory-store.ts';
import { createLinkedStore } from '../../../src/lmq/remote/create-remote-store.ts';
import type { RemoteStore } from '../../../src/lmq/remote/remote-store.ts';
import { StoreCore } from '../../../src/lmq/server/store-core.ts';
import { DEFAULT_STORE_SERVER_LIMITS } from '../../../src/lmq/server/store-server-options.ts';
import { filterQueueName, topicQueueName } from '../../../src/lmq/spi/queue-name.ts';
import { StateSpace, type Queue } from '../../../src/lmq/spi/types.ts';
import { publish, readFrom, turn } from '../../conformance/lmq-store/harness.ts';
import { eventually } from '../../helpers/eventually.ts';
import { Pipe } from '../../unit/lmq/remote/pipe.ts';

type Step =
  | { readonly kind: 'publish'; readonly topic: number; readonly count: number }
  | { readonly kind: 'state'; readonly key: number }
  | { readonly kind: 'offset'; readonly topic: number }
  | { readonly kind: 'filter' }
  | { readonly kind: 'open' }
  | { readonly kind: 'turns'; readonly count: number }
  | { readonly kind: 'cut'; readonly node: 'writer' | 'reader' }
  | { readonly kind: 'restart' };

const TOPICS = ['a/0', 'a/1', 'b'];

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('publish' as const),
      topic: fc.nat(2),
      count: fc.integer({ min: 1, max: 5 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('state' as const), key: fc.nat(2) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('offset' as const), topic: fc.nat(2) }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'filter' as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'open' as const }) },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('turns' as const),
      count: fc.integer({ min: 1, max: 6 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('cut' as const),
      node: fc.constantFrom('writer' as const, 'reader' as const),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ kind: 'restart' as const }) },
);

/** A writer and a reader on one store, whose server may be replaced by another one. */
class Cluster {
  readonly memory = createMemoryStore();
  readonly pipes = { writer: new Pipe(() => this.#core), reader: new Pipe(() => this.#core) };
  readonly writer: RemoteStore = this.#node('writer');
  readonly reader: RemoteStore = this.#node('reader');
  #core: StoreCore | undefined;

  async start(): Promise<void> {
    await this.memory.start();
    this.#core = await this.#serve();
    await Promise.all([this.writer.start(), this.reader.start()]);
  }

  /** What the server knows in memory is gone. */
  async restart(): Promise<void> {
    const before = this.#core;
    this.#core = undefined;
    this.pipes.writer.cut();
    this.pipes.reader.cut();
    await before?.stop();
    this.#core = await this.#serve();
  }

  async stop(): Promise<void> {
    await Promise.all([this.writer.stop(), this.reader.stop()]);
    await this.#core?.stop();
    await this.memory.stop();
  }

  async #serve(): Promise<StoreCore> {
    const core = new StoreCore({
      ...DEFAULT_STORE_SERVER_LIMITS,
      store: this.memory,
      host: '',
      port: 0,
      leaseMs: 60_000,
      credentials: {},
      clock: systemClock,
      logger: silentLogger,
    });
    await core.start();
    return core;
  }

  #node(name: 'writer' | 'reader'): RemoteStore {
    return createLinkedStore(
      { nodeName: name, leaseMs: 60_000, reconnectMinMs: 1, reconnectMaxMs: 2 },
      this.pipes[name].dial,
    );
  }
}

/** What was asked of the writer, and what has been told. */
class Ledger {
  readonly published = new Map<string, string[]>(TOPICS.map((topic) => [topic, []]));
  readonly states = new Map<string, string>();
  readonly offsets = new Map<number, number>();
  readonly commits: number[] = [];
  readonly arrived = new Map<string, number>();
  readonly changes = new Map<string, string>();
  readonly faults: string[] = [];
  lastCommit = 0;
  #count = 0;

  next(): string {
    return String(++this.#count);
  }

  watch({ writer, reader }: Cluster): void {
    writer.onCommit((commit, error) => {
      if (error !== undefined) this.faults.push(`commit ${String(commit)}: ${error.message}`);
      this.commits.push(commit);
    });
    reader.onArrival((arrivals) => {
      for (const { queue, firstOffset, count } of arrivals) {
        const end = this.arrived.get(queue.name) ?? 0;
        if (firstOffset !== end) this.faults.push(`${queue.name}: ${String(firstOffset)}`);
        this.arrived.set(queue.name, firstOffset + count);
      }
    });
    for (const node of [writer, reader]) {
      node.onFenced((reason) => {
        this.faults.push(`fenced: ${reason}`);
      });
    }
  }
}

async function run(cluster: Cluster, ledger: Ledger, steps: readonly Step[], queues: Queue[]) {
  const { writer } = cluster;
  for (const step of steps) {
    if (step.kind === 'publish') {
      const topic = TOPICS[step.topic] as string;
      for (let i = 0; i < step.count; i++) {
        const payload = ledger.next();
        ledger.published.get(topic)?.push(payload);
        ledger.lastCommit = publish(writer, topic, payload);
      }
    } else if (step.kind === 'state') {
      const value = ledger.next();
      ledger.states.set(`k${String(step.key)}`, value);
      const written = Buffer.from(value);
      ledger.lastCommit = writer.putState(StateSpace.RETAINED, `k${String(step.key)}`, written);
    } else if (step.kind === 'offset') {
      const offset = Number(ledger.next());
      ledger.offsets.set(step.topic, offset);
      ledger.lastCommit = writer.commitOffset('c', queues[step.topic] as Queue, offset);
    } else if (step.kind === 'filter') {
      void writer.acquireFilter('a/#', false).then((queue) => {
        writer.releaseFilter('a/#', false);
        writer.closeQueue(queue);
      });
    } else if (step.kind === 'open') {
      void writer.openQueue(topicQueueName('passing')).then((queue) => {
        ledger.lastCommit = writer.commitOffset('c', queue, 1);
        writer.closeQueue(queue);
      });
    } else if (step.kind === 'turns') {
      for (let i = 0; i < step.count; i++) await turn();
    } else if (step.kind === 'cut') {
      cluster.pipes[step.node].cut();
    } else {
      await cluster.restart();
    }
  }
}

async function check({ writer, reader }: Cluster, ledger: Ledger): Promise<void> {
  const { lastCommit, commits, published, states } = ledger;
  if (lastCommit > 0) await writer.committed(lastCommit);
  expect(commits).to.deep.equal(Array.from(commits, (_, i) => i + 1));
  for (const [topic, payloads] of published) {
    const queue = await reader.openQueue(topicQueueName(topic));
    const records = await readFrom(reader, queue, 0);
    expect(
      records.map(({ payload }) => payload),
      topic,
    ).to.deep.equal(payloads);
    expect(queue.nextOffset, topic).to.equal(payloads.length);
    const isTold = () => (ledger.arrived.get(queue.name) ?? 0) === payloads.length;
    await eventually('arrivals to be told', isTold, 5_000, 1);
    for (let offset = 0; offset < payloads.length; offset++) {
      const segment = reader.tail(queue, offset);
      if (segment === undefined) continue;
      expect(segment.firstOffset).to.be.at.most(offset);
      expect(segment.firstOffset + segment.count).to.be.above(offset);
    }
  }
  for (const [key, value] of states) {
    expect(String(await reader.getState(StateSpace.RETAINED, key)), key).to.equal(value);
  }
  const isSeen = () => [...states].every(([key, value]) => ledger.changes.get(key) === value);
  await eventually('changes to be told', isSeen, 5_000, 1);
  for (const [topic, offset] of ledger.offsets) {
    const queue = await reader.openQueue(topicQueueName(TOPICS[topic] as string));
    expect(await reader.loadOffset('c', queue)).to.equal(offset);
  }
  const all = await reader.openQueue(filterQueueName('#'));
  expect((await readFrom(reader, all, 0)).length).to.equal([...published.values()].flat().length);
}

describe('a remote store whose streams are cut and whose server is replaced', () => {
  it('stores each record once and in order, and tells everything', async function () {
    this.timeout(120_000);
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 60 }), async (steps) => {
        const cluster = new Cluster();
        const ledger = new Ledger();
        await cluster.start();
        ledger.watch(cluster);
        await cluster.reader.watchState(StateSpace.RETAINED, (key, value) => {
          ledger.changes.set(key, String(value));
        });
        const names = TOPICS.map(topicQueueName);
        for (const name of names) await cluster.reader.openQueue(name);
        const queues = await Promise.all(names.map((name) => cluster.writer.openQueue(name)));
        await cluster.reader.acquireFilter('#', true);
        await run(cluster, ledger, steps, queues);
        await check(cluster, ledger);
        expect(ledger.faults).to.deep.equal([]);
        await cluster.stop();
      }),
      { numRuns: Number(process.env['RUNS'] ?? 60) },
    );
  });
});
