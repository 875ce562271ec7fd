import { expect } from 'chai';
import fc from 'fast-check';
import { matches } from '../../../src/common/topic/topic-filter.ts';
import type { LmqStore } from '../../../src/lmq/spi/lmq-store.ts';
import { filterQueueName, topicQueueName } from '../../../src/lmq/spi/queue-name.ts';
import { PullStatus, StateSpace, type Queue, type QueueName } from '../../../src/lmq/spi/types.ts';
import {
  publish,
  recordsOf,
  turn,
  type StoreUnderTest,
} from '../../conformance/lmq-store/harness.ts';

const TOPICS = ['a', 'a/b', 'a/c', 'b/c', '$s/a', 'x/p2p/me', 'a/b/c'];
const FILTERS = ['#', 'a/+', '+/c', 'a/#', '$s/#', 'a/b'];
const CONSUMERS = ['me', 'you'];
const KEYS = ['k', 'l', ''];

/** The queues that a test may read. */
const QUEUES: QueueName[] = [
  ...new Set([...TOPICS.map(topicQueueName), ...FILTERS.map(filterQueueName)]),
];

export type Step =
  | {
      readonly type: 'publish';
      readonly topic: number;
      readonly size: number;
      readonly times: number;
    }
  | { readonly type: 'acquire' | 'release'; readonly filter: number; readonly durable: boolean }
  | { readonly type: 'pin' | 'unpin'; readonly filter: number }
  | {
      readonly type: 'commitOffset';
      readonly queue: number;
      readonly consumer: number;
      readonly offset: number;
    }
  | { readonly type: 'deleteOffset'; readonly queue: number; readonly consumer: number }
  | { readonly type: 'putState'; readonly key: number; readonly value: number }
  | { readonly type: 'deleteState'; readonly key: number }
  | { readonly type: 'open' | 'close'; readonly queue: number }
  | {
      readonly type: 'read';
      readonly queue: number;
      readonly from: number;
      readonly max: number;
      readonly bytes: number;
    }
  | { readonly type: 'turn' | 'commit' | 'check' | 'expire' | 'reopen' };

const filter = fc.nat(FILTERS.length - 1);
const queue = fc.nat(QUEUES.length - 1);
const consumer = fc.nat(CONSUMERS.length - 1);
const key = fc.nat(KEYS.length - 1);

function step<T extends Step['type']>(type: T): { type: fc.Arbitrary<T> } {
  return { type: fc.constant(type) };
}

export const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    {
      weight: 12,
      arbitrary: fc.record({
        ...step('publish'),
        topic: fc.nat(TOPICS.length - 1),
        size: fc.oneof(fc.nat(40), fc.nat(2_000)),
        times: fc.integer({ min: 1, max: 6 }),
      }),
    },
    { weight: 4, arbitrary: fc.record({ ...step('acquire'), filter, durable: fc.boolean() }) },
    { weight: 3, arbitrary: fc.record({ ...step('release'), filter, durable: fc.boolean() }) },
    { weight: 1, arbitrary: fc.record({ ...step('pin'), filter }) },
    { weight: 1, arbitrary: fc.record({ ...step('unpin'), filter }) },
    {
      weight: 3,
      arbitrary: fc.record({ ...step('commitOffset'), queue, consumer, offset: fc.nat(50) }),
    },
    { weight: 1, arbitrary: fc.record({ ...step('deleteOffset'), queue, consumer }) },
    { weight: 2, arbitrary: fc.record({ ...step('putState'), key, value: fc.nat(99) }) },
    { weight: 1, arbitrary: fc.record({ ...step('deleteState'), key }) },
    { weight: 3, arbitrary: fc.record({ ...step('open'), queue }) },
    { weight: 3, arbitrary: fc.record({ ...step('close'), queue }) },
    {
      weight: 6,
      arbitrary: fc.record({
        ...step('read'),
        queue,
        from: fc.nat(60),
        max: fc.integer({ min: 1, max: 20 }),
        bytes: fc.integer({ min: 1, max: 3_000 }),
      }),
    },
    { weight: 6, arbitrary: fc.record(step('turn')) },
    { weight: 5, arbitrary: fc.record(step('commit')) },
    { weight: 1, arbitrary: fc.record(step('check')) },
    { weight: 1, arbitrary: fc.record(step('expire')) },
    { weight: 2, arbitrary: fc.record(step('reopen')) },
  ),
  { minLength: 5, maxLength: 60 },
);

interface FilterUses {
  pinned: boolean;
  durable: number;
  volatile: number;
}

/** The store as arrays and maps, beside the one under test. */
export class StoreModel {
  readonly #world: StoreUnderTest;
  readonly #queues = new Map<QueueName, string[]>(QUEUES.map((name) => [name, []]));
  readonly #minimums = new Map<QueueName, number>();
  readonly #filters = new Map<string, FilterUses>();
  readonly #offsets = new Map<string, number>();
  readonly #states = new Map<string, string>();
  readonly #handles = new Map<QueueName, Queue[]>();
  #sequence = 0;

  constructor(world: StoreUnderTest) {
    this.#world = world;
  }

  get #store(): LmqStore {
    return this.#world.store;
  }

  /** Gives every queue a consumer: one that nobody has an offset in would be forgotten when it is empty. */
  async start(): Promise<void> {
    for (const name of QUEUES) {
      const opened = await this.#store.openQueue(name);
      this.#store.commitOffset('keeper', opened, 0);
      this.#store.closeQueue(opened);
    }
  }

  async run(step: Step): Promise<void> {
    switch (step.type) {
      case 'publish':
        for (let i = 0; i < step.times; i++) this.#publish(TOPICS[step.topic] as string, step.size);
        return;
      case 'acquire':
        return this.#acquire(FILTERS[step.filter] as string, step.durable);
      case 'release':
        this.#release(FILTERS[step.filter] as string, step.durable);
        return;
      case 'pin':
      case 'unpin':
        this.#pin(FILTERS[step.filter] as string, step.type === 'pin');
        return;
      case 'commitOffset':
        return this.#writeOffset(QUEUES[step.queue] as QueueName, step.consumer, step.offset);
      case 'deleteOffset':
        return this.#writeOffset(QUEUES[step.queue] as QueueName, step.consumer, undefined);
      case 'putState':
        this.#states.set(KEYS[step.key] as string, String(step.value));
        this.#store.putState(
          StateSpace.SESSION,
          KEYS[step.key] as string,
          Buffer.from(String(step.value)),
        );
        return;
      case 'deleteState':
        this.#states.delete(KEYS[step.key] as string);
        this.#store.deleteState(StateSpace.SESSION, KEYS[step.key] as string);
        return;
      case 'open':
        await this.#open(QUEUES[step.queue] as QueueName);
        return;
      case 'close':
        this.#close(QUEUES[step.queue] as QueueName);
        return;
      case 'read':
        return this.#read(QUEUES[step.queue] as QueueName, step.from, step.max, step.bytes);
      case 'turn':
        return turn();
      case 'commit':
        return this.#store.committed(this.#store.openCommit);
      case 'check':
        return this.check();
      case 'expire':
        return this.#expire();
      case 'reopen':
        return this.#reopen();
    }
  }

  /** Compares everything. */
  async check(): Promise<void> {
    await this.#store.committed(this.#store.openCommit);
    for (const [name, expected] of this.#queues) {
      const opened = await this.#open(name);
      const minimum = this.#minimums.get(name) ?? 0;
      expect([opened.minOffset, opened.maxOffset, opened.nextOffset], name).to.deep.equal([
        minimum,
        expected.length,
        expected.length,
      ]);
      for (let offset = minimum; offset < expected.length;) {
        const result = await this.#store.pull(opened, offset, 7, 500);
        expect(result.status).to.equal(PullStatus.FOUND);
        for (const segment of result.segments) {
          for (const record of recordsOf(segment)) {
            expect(record.payload, name).to.equal(expected[record.offset]);
          }
        }
        expect(result.nextOffset).to.be.greaterThan(offset);
        offset = result.nextOffset;
      }
      for (const name of CONSUMERS) {
        expect(await this.#store.loadOffset(name, opened)).to.equal(
          this.#offsets.get(`${opened.name} ${name}`),
        );
      }
      this.#close(name);
    }
    await this.#checkStates();
    const filters = this.#store
      .listFilters()
      .map(({ filter, pinned, uses }) => [filter, pinned, uses]);
    expect(filters).to.have.deep.members(
      Array.from(this.#filters, ([name, { pinned, durable, volatile }]) => [
        name,
        pinned,
        durable + volatile,
      ]),
    );
  }

  async #checkStates(): Promise<void> {
    const scanned: [string, string][] = [];
    for await (const entry of this.#store.scanState(StateSpace.SESSION)) {
      scanned.push([entry.key, entry.value.toString()]);
    }
    expect(scanned).to.deep.equal([...this.#states].sort(([a], [b]) => (a < b ? -1 : 1)));
    for (const name of KEYS) {
      const value = await this.#store.getState(StateSpace.SESSION, name);
      expect(value?.toString()).to.equal(this.#states.get(name));
    }
  }

  #publish(topic: string, size: number): void {
    const payload = `${String(this.#sequence++)} ${'.'.repeat(size)}`;
    publish(this.#store, topic, payload);
    this.#queues.get(topicQueueName(topic))?.push(payload);
    if (topic.includes('/p2p/')) return;
    for (const name of this.#filters.keys()) {
      if (matches(name, topic)) this.#queues.get(filterQueueName(name))?.push(payload);
    }
  }

  async #acquire(name: string, durable: boolean): Promise<void> {
    const acquired = this.#store.acquireFilter(name, durable);
    if (/[+#]/.test(name)) {
      const uses = this.#uses(name);
      if (durable) uses.durable++;
      else uses.volatile++;
    }
    const opened = await acquired;
    this.#handle(opened);
  }

  #release(name: string, durable: boolean): void {
    this.#store.releaseFilter(name, durable);
    const uses = this.#filters.get(name);
    if (uses === undefined) return;
    if (durable) uses.durable = Math.max(0, uses.durable - 1);
    else uses.volatile = Math.max(0, uses.volatile - 1);
    this.#dropUnused();
  }

  #pin(name: string, pinned: boolean): void {
    if (pinned) this.#store.pinFilter(name);
    else this.#store.unpinFilter(name);
    if (!/[+#]/.test(name)) return;
    this.#uses(name).pinned = pinned;
    this.#dropUnused();
  }

  #uses(name: string): FilterUses {
    let uses = this.#filters.get(name);
    if (uses === undefined) {
      uses = { pinned: false, durable: 0, volatile: 0 };
      this.#filters.set(name, uses);
    }
    return uses;
  }

  #dropUnused(): void {
    for (const [name, { pinned, durable, volatile }] of this.#filters) {
      if (!pinned && durable + volatile === 0) this.#filters.delete(name);
    }
  }

  async #writeOffset(name: QueueName, index: number, offset: number | undefined): Promise<void> {
    const opened = await this.#open(name);
    const who = CONSUMERS[index] as string;
    if (offset === undefined) {
      this.#store.deleteOffset(who, opened);
      this.#offsets.delete(`${name} ${who}`);
    } else {
      this.#store.commitOffset(who, opened, offset);
      this.#offsets.set(`${name} ${who}`, offset);
    }
    expect(await this.#store.loadOffset(who, opened)).to.equal(offset);
    this.#close(name);
  }

  async #open(name: QueueName): Promise<Queue> {
    const opened = await this.#store.openQueue(name);
    this.#handle(opened);
    return opened;
  }

  #handle(opened: Queue): void {
    const handles = this.#handles.get(opened.name);
    if (handles === undefined) this.#handles.set(opened.name, [opened]);
    else handles.push(opened);
  }

  #close(name: QueueName): void {
    const opened = this.#handles.get(name)?.pop();
    if (opened !== undefined) this.#store.closeQueue(opened);
  }

  async #read(name: QueueName, from: number, max: number, bytes: number): Promise<void> {
    const opened = await this.#open(name);
    const { minOffset, maxOffset } = opened;
    const expected = this.#queues.get(name) as string[];
    expect(opened.nextOffset).to.equal(expected.length);
    const result = await this.#store.pull(opened, from, max, bytes);
    if (from < minOffset) expect(result.status).to.equal(PullStatus.OFFSET_TOO_SMALL);
    else if (from < maxOffset) expect(result.status).to.equal(PullStatus.FOUND);
    for (const segment of result.segments) {
      for (const record of recordsOf(segment)) {
        expect(record.payload).to.equal(expected[record.offset]);
      }
    }
    const segment = this.#store.tail(opened, from);
    if (segment !== undefined) {
      const record = recordsOf(segment)[from - segment.firstOffset];
      expect(record?.payload).to.equal(expected[from]);
    }
    this.#close(name);
  }

  async #expire(): Promise<void> {
    await this.#store.committed(this.#store.openCommit);
    const lengths = [...this.#queues].map(([name, list]) => [name, list.length] as const);
    if (lengths.every(([name, length]) => length === (this.#minimums.get(name) ?? 0))) return;
    await this.#world.expireAll();
    for (const [name, length] of lengths) this.#minimums.set(name, length);
  }

  async #reopen(): Promise<void> {
    if (this.#world.reopen === undefined) return;
    this.#handles.clear();
    this.#world.store = await this.#world.reopen();
    for (const uses of this.#filters.values()) uses.volatile = 0;
    this.#dropUnused();
  }
}
