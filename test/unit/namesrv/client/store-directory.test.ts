import { expect } from 'chai';
import { StoreDirectory } from '../../../../src/namesrv/client/store-directory.ts';
import type { Registry } from '../../../../src/rpc/messages/namesrv-v1.ts';
import type { StoreRegistration } from '../../../../src/namesrv/types.ts';
import { aStore } from '../namesrv-nodes.ts';

const registry = (stores: readonly StoreRegistration[], isWarmingUp = false): Registry => ({
  stores,
  gateways: [],
  isWarmingUp,
});
const [A, B] = [aStore({ name: 'a' }), aStore({ name: 'b' })];

describe('StoreDirectory', () => {
  let pinned: Map<string, string>;
  let directory: StoreDirectory;
  const names = (): string[] => [...directory.stores.keys()];

  beforeEach(() => {
    pinned = new Map();
    directory = new StoreDirectory((topic) => pinned.get(topic));
  });

  it('has the stores of all name servers, each in its youngest life', () => {
    const younger = aStore({ name: 'a', epoch: 2, address: 'elsewhere:1' });
    expect(directory.update([registry([A]), registry([B, younger])])).to.equal(true);
    expect(names()).to.deep.equal(['a', 'b']);
    expect(directory.stores.get('a')).to.deep.equal(younger);
    expect(directory.update([registry([younger]), registry([B])])).to.equal(false);
  });

  it('keeps its last knowledge while none is up, or all that are have just started', () => {
    directory.update([registry([A, B])]);
    expect(directory.update([])).to.equal(false);
    expect(directory.update([registry([], true), registry([A], true)])).to.equal(false);
    expect(names()).to.deep.equal(['a', 'b']);
    expect(directory.update([registry([A]), registry([], true)])).to.equal(true);
    expect(names()).to.deep.equal(['a']);
  });

  it('routes to pinned stores, else to those that serve the level by name, else to the rest', () => {
    const c = aStore({ name: 'c', topics: ['orders'] });
    directory.update([registry([B, A, c])]);
    expect(directory.route('sensors').names).to.deep.equal(['a', 'b']);
    expect(directory.route('orders').names).to.deep.equal(['c']);
    pinned.set('orders', 'z, a');
    expect(directory.route('orders').isPinned).to.equal(false);
    directory.forget('orders');
    expect(directory.route('orders')).to.deep.equal({
      names: ['a', 'z'],
      stores: [A],
      isPinned: true,
    });
  });

  it('answers from memory until something changes', () => {
    directory.update([registry([A])]);
    const route = directory.route('x');
    expect(directory.route('x')).to.equal(route);
    directory.update([registry([A, B])]);
    expect(directory.route('x').names).to.deep.equal(['a', 'b']);
  });
});
