import { expect } from 'chai';
import { LaneMembers } from '../../../../src/lmq/routed/lane-members.ts';
import type { LaneStore } from '../../../../src/lmq/spi/lane-store.ts';
import { LiveSpread } from '../../../../src/lmq/routed/live-spread.ts';
import { RoutedFilters } from '../../../../src/lmq/routed/routed-filters.ts';
import { createMemoryStore } from '../../../../src/lmq/memory/memory-store.ts';
import type { LmqStore } from '../../../../src/lmq/spi/lmq-store.ts';
import { failureOf } from '../../../helpers/failure-of.ts';
import { inTable } from './routed-world.ts';

describe('filters of several stores', () => {
  let stores: LmqStore[];
  let filters: RoutedFilters;

  beforeEach(() => {
    stores = [createMemoryStore(), createMemoryStore()];
    const members = new LaneMembers();
    // They are asked for nothing but filters.
    for (const store of stores) members.add(store as LaneStore);
    const table = { stores: [inTable('o'), inTable('a', 1, 'x')], active: 1 };
    filters = new RoutedFilters(members, new LiveSpread(table));
  });

  const listed = () => stores.map((store) => store.listFilters().map(({ filter }) => filter));

  it('are in the store that has what they match', async () => {
    await filters.acquire('x/#', false);
    expect(listed()).to.deep.equal([[], ['x/#']]);
    filters.release('x/#', false);
    expect(listed()).to.deep.equal([[], []]);
  });

  it('have no queue of their own when several stores have that', async () => {
    expect(await failureOf(filters.acquire('+/a', false))).to.be.instanceOf(TypeError);
    expect(() => filters.release('+/a', false)).to.throw(TypeError);
    expect(listed()).to.deep.equal([[], []]);
  });

  it('are pinned in all of these, and listed once', () => {
    const { openCommit } = stores[0]!;
    expect(filters.pin('+/a')).to.equal(openCommit);
    filters.pin('x/+');
    expect(listed()).to.deep.equal([['+/a'], ['+/a', 'x/+']]);
    expect(filters.list().map(({ filter, pinned }) => [filter, pinned])).to.deep.equal([
      ['+/a', true],
      ['x/+', true],
    ]);
    filters.unpin('+/a');
    expect(listed()).to.deep.equal([[], ['x/+']]);
  });
});
