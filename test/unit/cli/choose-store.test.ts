import { expect } from 'chai';
import { chooseStore, whyNoStore } from '../../../src/cli/choose-store.ts';
import type { StoreRegistration } from '../../../src/namesrv/types.ts';

function registration(name: string, topics: readonly string[] = []): StoreRegistration {
  return {
    name,
    address: `${name}:1`,
    minProtocolVersion: 1,
    protocolVersion: 1,
    topics,
    epoch: 1,
    version: '1',
  };
}

const choose = (...stores: StoreRegistration[]) =>
  chooseStore(new Map(stores.map((store) => [store.name, store])))?.name;

describe('chooseStore', () => {
  it('is the store that serves every topic', () => {
    expect(choose(registration('a', ['t']), registration('b'))).to.equal('b');
  });

  it('is none while several serve every topic: gateways shall not take different ones', () => {
    expect(choose(registration('b'), registration('a'))).to.equal(undefined);
    const both = new Map([registration('b'), registration('a')].map((one) => [one.name, one]));
    expect(whyNoStore(both)).to.include('b, a');
    expect(whyNoStore(new Map())).to.include('waiting for a store');
  });

  it('is none while none serves every topic', () => {
    expect(choose()).to.equal(undefined);
    expect(choose(registration('a', ['t']))).to.equal(undefined);
  });
});
