import { expect } from 'chai';
import sinon from 'sinon';
import { TableWatch, type GrowingStore } from '../../../src/cli/table-watch.ts';
import { systemClock } from '../../../src/common/clock.ts';
import { ErrorCode, StoreError } from '../../../src/common/errors.ts';
import { silentLogger } from '../../../src/common/logger.ts';
import { formatStoreTable, type StoreTable } from '../../../src/common/store-table.ts';
import type { KvChange, KvConfig } from '../../../src/namesrv/types.ts';

const FIRST: StoreTable = { stores: [{ name: 'a', topics: [], generation: 1 }], active: 1 };
const PREPARED: StoreTable = {
  stores: [...FIRST.stores, { name: 'b', topics: [], generation: 2 }],
  active: 1,
};
const ACTIVE: StoreTable = { ...PREPARED, active: 2 };

class OneEntry implements Pick<KvConfig, 'get' | 'watch'> {
  text: string | undefined;
  listener: ((change: KvChange) => void) | undefined;

  get(): string | undefined {
    return this.text;
  }

  watch(_namespace: string, listener: (change: KvChange) => void): () => void {
    this.listener = listener;
    return () => (this.listener = undefined);
  }

  put(text: string | undefined): void {
    this.text = text;
    this.listener?.({ namespace: 'LMQTT', key: 'STORES', value: text });
  }
}

class FakeStore implements GrowingStore {
  table = FIRST;
  readonly done: string[] = [];
  failures: Error[] = [];

  async prepare(table: StoreTable): Promise<void> {
    await Promise.resolve();
    const failure = this.failures.shift();
    if (failure !== undefined) throw failure;
    this.done.push(`prepare ${String(table.stores.length)}`);
    this.table = { stores: table.stores, active: this.table.active };
  }

  async activate(table: StoreTable): Promise<void> {
    await Promise.resolve();
    this.done.push(`activate ${String(table.active)}`);
    this.table = table;
  }
}

describe('TableWatch', () => {
  let kv: OneEntry;
  let store: FakeStore;
  let clock: sinon.SinonFakeTimers;
  let watch: TableWatch | undefined;
  let founded: number;

  beforeEach(() => {
    clock = sinon.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    kv = new OneEntry();
    kv.text = formatStoreTable(FIRST);
    store = new FakeStore();
    founded = 0;
  });
  afterEach(async () => {
    await watch?.stop();
    clock.restore();
  });

  async function start(growing: GrowingStore | undefined = store): Promise<void> {
    watch = new TableWatch({
      kv,
      store: growing,
      onFounded: () => (founded += 1),
      clock: systemClock,
      logger: silentLogger,
    });
    await watch.start();
    await settled();
  }

  const settled = () => clock.tickAsync(0);

  it('hears new stores first, and sends messages there when the table says so', async () => {
    await start();
    kv.put(formatStoreTable(PREPARED));
    await settled();
    expect(store.done).to.deep.equal(['prepare 2']);
    kv.put(formatStoreTable(ACTIVE));
    await settled();
    expect(store.done).to.deep.equal(['prepare 2', 'activate 2']);
  });

  it('follows what has changed before it started, in both steps', async () => {
    kv.text = formatStoreTable(ACTIVE);
    await start();
    expect(store.done).to.deep.equal(['prepare 2', 'activate 2']);
  });

  it('follows what changes while it is busy', async () => {
    await start();
    kv.put(formatStoreTable(PREPARED));
    kv.put(formatStoreTable(ACTIVE));
    await settled();
    expect(store.done).to.deep.equal(['prepare 2', 'activate 2']);
  });

  it('tries again after a second when a store cannot be reached', async () => {
    store.failures = [
      new StoreError(ErrorCode.STORE_UNAVAILABLE, 'away', { retryable: true }),
      new Error('something else'),
    ];
    await start();
    kv.put(formatStoreTable(PREPARED));
    await clock.tickAsync(999);
    expect(store.done).to.deep.equal([]);
    await clock.tickAsync(1001);
    expect(store.done).to.deep.equal(['prepare 2']);
  });

  for (const [what, text] of [
    ['is gone', undefined],
    ['is no table', '{'],
    [
      'is another one',
      formatStoreTable({ stores: [{ name: 'c', topics: [], generation: 1 }], active: 1 }),
    ],
  ] as const) {
    it(`goes on with the table that it knows when that ${what}`, async () => {
      await start();
      kv.put(text);
      await settled();
      expect(store.done).to.deep.equal([]);
      kv.put(formatStoreTable(PREPARED));
      await settled();
      expect(store.done).to.deep.equal(['prepare 2']);
    });
  }

  it('tells once that there is a table when there was none', async () => {
    kv.text = undefined;
    watch = undefined;
    const single = new TableWatch({
      kv,
      store: undefined,
      onFounded: () => (founded += 1),
      clock: systemClock,
      logger: silentLogger,
    });
    await single.start();
    expect(founded).to.equal(0);
    kv.put(formatStoreTable(FIRST));
    kv.put(formatStoreTable(PREPARED));
    expect(founded).to.equal(1);
    await single.stop();
  });

  it('does nothing any more when it has stopped', async () => {
    await start();
    await watch?.stop();
    expect(kv.listener).to.equal(undefined);
  });
});
