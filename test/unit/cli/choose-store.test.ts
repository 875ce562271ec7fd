import { expect } from 'chai';
import { addressesOfStore, storeTableIn, whyNoStore } from '../../../src/cli/choose-store.ts';
import { formatStoreTable, type StoreTable } from '../../../src/common/store-table.ts';
import type { StoreRegistration } from '../../../src/namesrv/types.ts';

function registered(
  ...stores: readonly (readonly [string, (readonly string[])?])[]
): ReadonlyMap<string, StoreRegistration> {
  return new Map(
    stores.map(([name, topics = []]) => [
      name,
      {
        name,
        address: `${name}:1`,
        minProtocolVersion: 1,
        protocolVersion: 1,
        topics,
        epoch: 1,
        version: '1',
      },
    ]),
  );
}

const TABLE: StoreTable = {
  stores: ['a', 'b'].map((name) => ({ name, topics: [], generation: 1 })),
  active: 1,
};

describe('the stores of a gateway', () => {
  describe('without a table', () => {
    it('are the one that serves every topic', () => {
      const stores = registered(['a', ['t']], ['b']);
      expect(addressesOfStore(stores)).to.deep.equal(['b:1']);
      expect(whyNoStore(stores, undefined)).to.equal(undefined);
    });

    it('are none while several serve every topic: gateways shall not take different ones', () => {
      const stores = registered(['b'], ['a']);
      expect(addressesOfStore(stores)).to.deep.equal([]);
      expect(whyNoStore(stores, undefined)).to.include('b, a').and.include('foundStores');
    });

    it('are none while none serves every topic', () => {
      for (const stores of [registered(), registered(['a', ['t']])]) {
        expect(addressesOfStore(stores)).to.deep.equal([]);
        expect(whyNoStore(stores, undefined)).to.include('waiting for a store');
      }
    });
  });

  describe('with a table', () => {
    it('are found by their names, whatever they serve', () => {
      const stores = registered(['a', ['t']], ['b']);
      expect(addressesOfStore(stores, 'a')).to.deep.equal(['a:1']);
      expect(whyNoStore(stores, TABLE)).to.equal(undefined);
    });

    it('are waited for until one of them is there', () => {
      expect(whyNoStore(registered(['c']), TABLE)).to.include('one of the stores a, b to');
      expect(whyNoStore(registered(['c'], ['b']), TABLE)).to.equal(undefined);
      expect(addressesOfStore(registered(['c']), 'a')).to.deep.equal([]);
    });

    it('are those of the KV entry LMQTT/STORES', () => {
      const get = (namespace: string, key: string) =>
        `${namespace}/${key}` === 'LMQTT/STORES' ? formatStoreTable(TABLE) : undefined;
      expect(storeTableIn({ get })).to.deep.equal(TABLE);
      expect(storeTableIn({ get: () => undefined })).to.equal(undefined);
      expect(() => storeTableIn({ get: () => 'x' })).to.throw(RangeError, 'not JSON');
    });
  });
});
