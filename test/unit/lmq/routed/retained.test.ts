import { expect } from 'chai';
import type { StoreTable } from '../../../../src/common/store-table.ts';
import type { RoutedStore } from '../../../../src/lmq/routed/routed-store.ts';
import { StateSpace } from '../../../../src/lmq/spi/types.ts';
import { eventually } from '../../../helpers/eventually.ts';
import { inTable, RoutedWorld } from './routed-world.ts';

const { RETAINED } = StateSpace;
const PREPARED: StoreTable = { stores: [inTable('o'), inTable('n', 2, 'x')], active: 1 };
const ACTIVE: StoreTable = { ...PREPARED, active: 2 };

describe('retained messages of a RoutedStore', () => {
  let world: RoutedWorld;

  beforeEach(async () => {
    world = new RoutedWorld();
    await world.serveMemory('o', 'n');
  });

  afterEach(() => world.dispose());

  async function put(store: RoutedStore, topic: string, value: string): Promise<void> {
    await store.committed(store.putState(RETAINED, topic, Buffer.from(value)));
  }

  async function scanned(store: RoutedStore): Promise<string[]> {
    const found: string[] = [];
    for await (const { key, value } of store.scanState(RETAINED))
      found.push(`${key}=${String(value)}`);
    return found;
  }

  /** What the two stores have of a topic. */
  async function stored(store: RoutedStore, topic: string): Promise<(string | undefined)[]> {
    const values = [0, 1].map((lane) => store.member(lane).getState(RETAINED, topic));
    return (await Promise.all(values)).map((value) => value?.toString());
  }

  it('lie beside their topic; one from before it moved is found until there is a new one', async () => {
    const store = await world.attach(PREPARED);
    await put(store, 'x/1', 'old');
    await put(store, 'x/2', 'stays');
    await put(store, 'y', 'elsewhere');
    expect(await stored(store, 'x/1')).to.deep.equal(['old', undefined]);
    await store.activate(ACTIVE);
    expect(String(await store.getState(RETAINED, 'x/1'))).to.equal('old');
    await put(store, 'x/1', 'new');
    expect(String(await store.getState(RETAINED, 'x/1'))).to.equal('new');
    await eventually(
      'the old one to go',
      async () => (await stored(store, 'x/1'))[0] === undefined,
    );
    expect(await scanned(store)).to.deep.equal(['x/1=new', 'x/2=stays', 'y=elsewhere']);
  });

  it('of the newest store count when there are several', async () => {
    const store = await world.attach(ACTIVE);
    for (const lane of [1, 0]) {
      const value = Buffer.from(`in ${String(lane)}`);
      await store.member(lane).committed(store.member(lane).putState(RETAINED, 'x/1', value));
    }
    expect(await scanned(store)).to.deep.equal(['x/1=in 1']);
    expect(String(await store.getState(RETAINED, 'x/1'))).to.equal('in 1');
  });

  it('go from all stores when they are deleted', async () => {
    const store = await world.attach(ACTIVE);
    for (const lane of [0, 1]) store.member(lane).putState(RETAINED, 'x/1', Buffer.from('v'));
    await store.committed(store.deleteState(RETAINED, 'x/1'));
    expect(await store.getState(RETAINED, 'x/1')).to.equal(undefined);
    expect(await stored(store, 'x/1')).to.deep.equal([undefined, undefined]);
  });

  it('of a gateway that is behind take the place of those of one that is ahead', async () => {
    const ahead = await world.attach(ACTIVE);
    const behind = await world.attach(PREPARED);
    await put(ahead, 'x/1', '1');
    await put(behind, 'x/1', '2');
    for (const store of [ahead, behind]) {
      await eventually('the last one', async () => {
        return (await store.getState(RETAINED, 'x/1'))?.toString() === '2';
      });
    }
  });

  it('that other gateways write are told as they are in the end, whoever is ahead', async () => {
    const watcher = await world.attach(PREPARED);
    const told = new Map<string, string | undefined>();
    await watcher.watchState(RETAINED, (topic, value) => told.set(topic, value?.toString()));
    const ahead = await world.attach(ACTIVE);
    const behind = await world.attach(PREPARED);
    for (let i = 0; i < 30; i++) {
      const topic = `x/${String(i)}`;
      await put(behind, topic, 'first');
      await put(ahead, topic, 'second');
      if (i % 3 === 0) await ahead.committed(ahead.deleteState(RETAINED, topic));
      await put(ahead, `y/${String(i)}`, 'one store');
    }
    await eventually('all changes', () => told.size === 60);
    await eventually('the last ones', () =>
      Array.from({ length: 30 }, (_, i) => told.get(`x/${String(i)}`)).every(
        (value, i) => value === (i % 3 === 0 ? undefined : 'second'),
      ),
    );
    expect(told.get('y/7')).to.equal('one store');
  });

  it('that this gateway writes meanwhile are not told as older ones', async () => {
    const store = await world.attach(ACTIVE);
    const other = await world.attach(ACTIVE);
    let last: string | undefined;
    await store.watchState(RETAINED, (_topic, value) => {
      last = value?.toString();
    });
    for (let i = 0; i < 100; i++) {
      other.putState(RETAINED, 'x/1', Buffer.from(`other ${String(i)}`));
      await new Promise((resolve) => setImmediate(resolve));
      last = `own ${String(i)}`;
      store.putState(RETAINED, 'x/1', Buffer.from(last));
    }
    await Promise.all([
      store.committed(store.member(1).openCommit),
      other.committed(other.member(1).openCommit),
    ]);
    const truth = String(await store.member(1).getState(RETAINED, 'x/1'));
    await eventually('the truth', () => last === truth);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(last).to.equal(truth);
  });

  it('that change while they are scanned are told after what the scan brings', async () => {
    const store = await world.attach(ACTIVE);
    const other = await world.attach(ACTIVE);
    const known = new Map<string, string | undefined>();
    for (let i = 0; i < 2_000; i++) {
      store.member(0).putState(RETAINED, `x/${String(i)}`, Buffer.from('left over'));
    }
    await store.committed(store.openCommit);
    await store.watchState(RETAINED, (topic, value) => known.set(topic, value?.toString()));
    for await (const { key, value } of store.scanState(RETAINED)) {
      if (known.size === 0) {
        for (let i = 0; i < 2_000; i += 7) {
          other.member(1).putState(RETAINED, `x/${String(i)}`, Buffer.from('new'));
        }
        await other.committed(other.member(1).openCommit);
      }
      known.set(key, value.toString());
    }
    await eventually('the new ones', () =>
      Array.from({ length: 2_000 }, (_, i) => known.get(`x/${String(i)}`)).every(
        (value, i) => value === (i % 7 === 0 ? 'new' : 'left over'),
      ),
    );
  });
}).timeout(20_000);
