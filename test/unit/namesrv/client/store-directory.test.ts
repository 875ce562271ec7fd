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
  let directory: StoreDirectory;
  const names = (): string[] => [...directory.stores.keys()];

  beforeEach(() => {
    directory = new StoreDirectory();
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
});
