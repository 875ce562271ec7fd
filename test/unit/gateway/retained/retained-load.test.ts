import { expect } from 'chai';
import fc from 'fast-check';
import { ErrorCode, StoreError } from '../../../../src/common/errors.ts';
import { silentLogger } from '../../../../src/common/logger.ts';
import { GatewayStats } from '../../../../src/gateway/gateway-stats.ts';
import { RetainedMessages } from '../../../../src/gateway/retained/retained-messages.ts';
import { RETAINED_RECORD_AT } from '../../../../src/gateway/retained/retained-record.ts';
import { createMemoryStore } from '../../../../src/lmq/memory/memory-store.ts';
import { NO_EXPIRY, recordPayload } from '../../../../src/lmq/spi/record.ts';
import { StateSpace } from '../../../../src/lmq/spi/types.ts';
import { FakeClock } from '../fake-clock.ts';
import { publishedTopic } from './published-topic.ts';

type Store = ReturnType<typeof createMemoryStore>;

const FIRST = 2048;
const STORED = FIRST + 500;
const LIMITS = { maxRetainedMessages: 10_000, maxRetainedBytes: 10_000_000 };
/** In the order of their names the last ones come in the second portion. */
const name = (i: number): string => `t/${String(i).padStart(6, '0')}`;

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A store whose second portion and what follows wait until `open`. */
class Gate {
  readonly #store: Store;
  #open: () => void = () => undefined;
  #opened = new Promise<void>((resolve) => {
    this.#open = resolve;
  });
  /** Errors of the next portions. */
  failures = 0;
  portions = 0;

  constructor(store: Store) {
    this.#store = store;
  }

  open(): void {
    this.#open();
  }

  get store(): Store {
    const gated = Object.create(this.#store) as Store;
    const portion = this.#portion.bind(this);
    return new Proxy(gated, {
      get: (_, key) => {
        if (key === 'scanState') return portion;
        const value: unknown = Reflect.get(this.#store, key, this.#store);
        return typeof value === 'function' ? (value as () => void).bind(this.#store) : value;
      },
    });
  }

  /** As of the call, as the real one. */
  async *#portion(space: StateSpace, after?: string): ReturnType<Store['scanState']> {
    const entries = [];
    for await (const entry of this.#store.scanState(space, after)) entries.push(entry);
    if (this.portions++ > 0) await this.#opened;
    if (this.failures-- > 0) throw new StoreError(ErrorCode.STORE_UNAVAILABLE, 'broken');
    yield* entries;
  }
}

describe('gateway: RetainedMessages while they are read', () => {
  const clock = new FakeClock();
  let store: Store;
  let gate: Gate;
  let stats: GatewayStats;
  let retained: RetainedMessages;

  function make(of: Store): RetainedMessages {
    stats = new GatewayStats();
    return new RetainedMessages(of, LIMITS, stats, clock, silentLogger);
  }

  beforeEach(async function () {
    this.timeout(20_000);
    store = createMemoryStore({ clock });
    const before = make(store);
    for (let i = 0; i < STORED; i++) put(before, name(i), 'old');
    await store.committed(store.openCommit);
    gate = new Gate(store);
    retained = make(gate.store);
    await retained.start();
    await turn();
  });

  afterEach(() => {
    retained.stop();
  });

  function put(to: RetainedMessages, topic: string, text: string): void {
    const payload = Buffer.from(text);
    const publisher = Buffer.from('someone');
    const head = { flags: 1, publisher, properties: Buffer.alloc(0), expirySeconds: NO_EXPIRY };
    to.put(publishedTopic(topic), head, payload, 0, payload.length);
  }

  async function read(topic: string): Promise<string | undefined> {
    const [value] = await retained.read([topic]);
    return value && recordPayload(value, RETAINED_RECORD_AT).toString();
  }

  const matched = (filter: string): string[] =>
    [...retained.match(filter)].flatMap((hit) => hit?.topic ?? []);

  async function loaded(): Promise<void> {
    gate.open();
    await retained.ready('#');
  }

  it('lets a start wait for the first few thousand only', async () => {
    expect(matched('#')).to.have.length(FIRST);
    expect(retained.ready('#')).to.be.instanceOf(Promise);
    expect(retained.mayMatch('t/+')).to.equal(true);
    await loaded();
    expect(matched('#')).to.have.length(STORED);
    expect([retained.size, stats.retainedCurrent]).to.deep.equal([STORED, STORED]);
    expect(retained.ready('#')).to.equal(undefined);
    expect(retained.mayMatch('other/+')).to.equal(false);
  });

  it('finds a topic by its name at once', async () => {
    const topic = name(STORED - 1);
    expect(retained.ready(topic)).to.equal(undefined);
    expect(retained.mayMatch(topic)).to.equal(true);
    expect(matched(topic)).to.deep.equal([topic]);
    expect(await read(topic)).to.equal('old');
    expect(await read('t/none')).to.equal(undefined);
  });

  it('does not take an older message in place of one that was published meanwhile', async () => {
    const { bytes } = retained;
    put(retained, name(STORED - 1), 'a longer one');
    const grown = retained.bytes - bytes;
    await loaded();
    const old = bytes / FIRST;
    expect(grown - old).to.equal('a longer one'.length - 'old'.length);
    expect(retained.bytes).to.equal(STORED * old + grown - old);
  });

  it('does not bring back what was deleted meanwhile, in the portion under way or a later one', async () => {
    put(retained, name(STORED - 1), '');
    put(retained, name(STORED - 2), 'new');
    put(retained, name(STORED - 2), '');
    put(retained, name(STORED - 3), '');
    put(retained, name(STORED - 3), 'again');
    await store.committed(store.openCommit);
    await loaded();
    expect(matched('#').sort().slice(-2)).to.deep.equal([name(STORED - 4), name(STORED - 3)]);
    expect(await read(name(STORED - 3))).to.equal('again');
    expect(await store.getState(StateSpace.RETAINED, name(STORED - 1))).to.equal(undefined);
  });

  it('does not bring back what is deleted as soon as the start begins', async () => {
    retained.stop();
    retained = make(store);
    const started = retained.start();
    put(retained, name(STORED - 1), '');
    await started;
    await loaded();
    expect(matched(name(STORED - 1))).to.deep.equal([]);
  });

  it('tries again when the store cannot be read', async () => {
    gate.failures = 1;
    gate.open();
    for (let i = 0; i < 20; i++) await turn();
    expect(retained.ready('#')).to.be.instanceOf(Promise);
    clock.advance(1000);
    await loaded();
    expect(retained.size).to.equal(STORED);
  });

  it('leaves the rest when it is stopped, and lets nobody wait', async () => {
    const ready = retained.ready('#');
    retained.stop();
    await ready;
    gate.open();
    for (let i = 0; i < 20; i++) await turn();
    expect(retained.size).to.equal(FIRST);
  });

  it('knows what the store has, whatever is written meanwhile', async function () {
    this.timeout(60_000);
    const write = fc.record({
      topic: fc.integer({ min: FIRST - 2, max: STORED + 5 }).map(name),
      text: fc.constantFrom('', 'new', 'newer'),
      wait: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(write, { maxLength: 30 }), async (writes) => {
        retained.stop();
        retained = make(store);
        const started = retained.start();
        for (const { topic, text, wait } of writes) {
          put(retained, topic, text);
          if (wait) await turn();
        }
        await started;
        await retained.ready('#');
        await store.committed(store.openCommit);
        const keys = [];
        for await (const { key } of store.scanState(StateSpace.RETAINED)) keys.push(key);
        expect(matched('#').sort()).to.deep.equal(keys);
      }),
      { numRuns: 20 },
    );
  });
});
