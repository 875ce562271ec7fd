import { expect } from 'chai';
import { StateSpace } from '../../../../src/lmq/spi/types.ts';
import { eventually } from '../../../helpers/eventually.ts';
import { EmbeddedWorld } from '../embedded/embedded-world.ts';
import { LEASE_MS, recordOf, ServerWorld } from './server-world.ts';
import { filterUse } from './filter-use.ts';

function topic(
  number: number,
  name: string,
): { number: number; name: string; directQueue: number } {
  return { number, name, directQueue: 0 };
}

describe('a store server that is started again', () => {
  let embedded: EmbeddedWorld;
  let world: ServerWorld;

  beforeEach(async () => {
    embedded = new EmbeddedWorld();
    world = new ServerWorld(await embedded.start());
    await world.core.start();
  });

  afterEach(async () => {
    await world.core.stop();
    await embedded.dispose();
  });

  const restart = async (): Promise<void> => {
    await world.core.stop();
    world = new ServerWorld(await embedded.reopen());
    await world.core.start();
  };

  it('knows its nodes, their last batch and itself', async () => {
    const node = world.node('a');
    const before = await node.attach();
    await node.settled(
      node.batch({ topics: [topic(1, 'x')], records: [{ topic: 1, record: recordOf('x', '1') }] }),
    );
    await node.settled(node.batch({ writes: [filterUse('a/#', false)] }));
    await restart();
    expect(world.core.stats).to.include({ nodes: 1, attachedNodes: 0 });
    const again = world.node('a');
    const after = await again.attach({ resumes: true, filters: [{ filter: 'a/#', uses: 1 }] });
    expect(after).to.include({ origin: before.origin, storeId: before.storeId, lastSequence: 2 });
    expect(after.storeEpoch).to.not.equal(before.storeEpoch);
    expect(world.store.listFilters().map(({ filter }) => filter)).to.deep.equal(['a/#']);
  });

  it('keeps messages for the filters of nodes that are not back yet, and until they are dead', async () => {
    const [a, b] = [world.node('a'), world.node('b')];
    await a.attach();
    await b.attach();
    const uses = ['x/#', 'y/#', 'z/#'].map((filter) => filterUse(filter, false));
    await a.settled(a.batch({ writes: uses }));
    await a.settled(
      a.batch({ writes: [{ beforeRecord: 0, releaseFilter: { filter: 'z/#', durable: false } }] }),
    );
    await restart();
    const filters = (): string[] => [...world.store.listFilters()].map(({ filter }) => filter);
    expect(filters()).to.have.members(['x/#', 'y/#']);
    const late = world.node('a');
    await late.attach({ resumes: true, filters: [{ filter: 'y/#', uses: 1 }] });
    expect(filters()).to.deep.equal(['y/#']);
    await restart();
    expect(filters()).to.deep.equal(['y/#']);
    world.pass(LEASE_MS + 100);
    await world.quiet();
    expect(filters()).to.deep.equal([]);
    await restart();
    expect(filters()).to.deep.equal([]);
  });

  it('applies no batch a second time, and says that it is durable', async () => {
    const node = world.node('a');
    await node.attach();
    const batch = { topics: [topic(1, 'x')], records: [{ topic: 1, record: recordOf('x', '1') }] };
    await node.settled(node.batch(batch));
    await restart();
    const again = world.node('a');
    await again.attach({ resumes: true });
    again.batch({ ...batch, sequence: 1 });
    await again.settled(1);
    again.batch({ records: batch.records, sequence: 2 });
    await again.settled(2);
    expect(world.store.stats.recordsStored).to.equal(2);
  });

  it('gives claims of nodes that do not come back to others after a lease, and their orphans', async () => {
    const [a, b] = [world.node('a'), world.node('b')];
    await a.attach();
    await b.attach();
    await a.request({ claim: { key: 'sx', onlyIfFree: false } });
    await a.request({ claim: { key: 'sy', onlyIfFree: false } });
    await restart();
    const again = world.node('b');
    await again.attach({ resumes: true });
    const id = again.ask({ claim: { key: 'sx', onlyIfFree: false } });
    await world.quiet();
    expect(again.reply(id)).to.equal(undefined);
    world.pass(LEASE_MS + 100, again);
    await eventually('the claim', () => again.reply(id)?.claimed === true);
    await eventually('orphans', () => again.orphans.length > 0);
    expect(again.orphans).to.deep.equal(['sy']);
  });

  it('hands out orphans again that nobody has seen to the end', async () => {
    const [a, b] = [world.node('a'), world.node('b')];
    await a.attach();
    await a.request({ claim: { key: 'sx', onlyIfFree: false } });
    await a.request({ claim: { key: 'wx', onlyIfFree: false } });
    await b.attach();
    world.pass(LEASE_MS + 100, b);
    await eventually('orphans', () => b.orphans.length === 2);
    await restart();
    const again = world.node('b');
    await again.attach({ resumes: true });
    await eventually('orphans', () => again.orphans.length === 2);
    await again.request({ orphansDone: {} });
    await world.quiet();
    await restart();
    const third = world.node('b');
    await third.attach({ resumes: true });
    await world.quiet();
    expect(third.orphans).to.deep.equal([]);
  });

  it('finds wills whose client is nowhere, but not before all nodes are back', async () => {
    const a = world.node('a');
    await a.attach();
    await a.request({ claim: { key: 'shere', onlyIfFree: false } });
    for (const key of ['here', 'gone']) {
      world.store.putState(StateSpace.WILL, key, Buffer.from('will'));
    }
    await world.quiet();
    await restart();
    const b = world.node('b');
    await b.attach();
    await world.quiet();
    expect(b.orphans).to.deep.equal([]);
    const again = world.node('a');
    await again.attach({ resumes: true, claims: ['shere'] });
    await eventually('orphans', () => again.orphans.length + b.orphans.length > 0);
    expect([...again.orphans, ...b.orphans]).to.deep.equal(['wgone']);
  });

  it('sees to the sessions of a gateway that had the store for itself', async () => {
    await world.core.stop();
    const store = await embedded.reopen();
    for await (const { key } of store.scanState(StateSpace.NODE)) {
      store.deleteState(StateSpace.NODE, key);
    }
    await store.committed(store.putState(StateSpace.SESSION, 'x', Buffer.from('session')));
    world = new ServerWorld(store);
    await world.core.start();
    await restart();
    const node = world.node('a');
    await node.attach();
    await eventually('orphans', () => node.orphans.length > 0);
    expect(node.orphans).to.deep.equal(['sx']);
  });
});
