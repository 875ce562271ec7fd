import { expect } from 'chai';
import { routeOf } from '../../../src/namesrv/route-of.ts';
import { aStore } from './namesrv-nodes.ts';

const [A, B, C] = [
  aStore({ name: 'a' }),
  aStore({ name: 'b' }),
  aStore({ name: 'c', topics: ['orders'] }),
];
const STORES = new Map([B, A, C].map((store) => [store.name, store]));

describe('routeOf', () => {
  it('routes to pinned stores, else to those that serve the level by name, else to the rest', () => {
    expect(routeOf('sensors', undefined, STORES).names).to.deep.equal(['a', 'b']);
    expect(routeOf('orders', undefined, STORES)).to.deep.equal({
      names: ['c'],
      stores: [C],
      isPinned: false,
    });
    expect(routeOf('orders', 'z, a', STORES)).to.deep.equal({
      names: ['a', 'z'],
      stores: [A],
      isPinned: true,
    });
  });
});
