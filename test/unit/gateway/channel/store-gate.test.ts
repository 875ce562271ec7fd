import { expect } from 'chai';
import sinon from 'sinon';
import { StoreGate } from '../../../../src/gateway/channel/store-gate.ts';
import { GatewayStats } from '../../../../src/gateway/gateway-stats.ts';
import type { Stores } from '../../../../src/lmq/spi/stores.ts';

describe('gateway: StoreGate', () => {
  const publisher = () => ({ pause: sinon.spy(), resume: sinon.spy() });

  it('pauses once and resumes once, however often it is asked', () => {
    const stats = new GatewayStats();
    const gate = new StoreGate(stats);
    const one = publisher();
    gate.wait(one);
    gate.wait(one);
    expect(one.pause.callCount).to.equal(1);
    expect(stats.storeBackPressure).to.equal(1);
    gate.open();
    gate.open();
    expect(one.resume.callCount).to.equal(1);
  });

  it('does not resume who has left', () => {
    const gate = new StoreGate(new GatewayStats());
    const one = publisher();
    gate.wait(one);
    gate.leave(one);
    gate.open();
    expect(one.resume.callCount).to.equal(0);
  });

  it('lets who is resumed wait again at once', () => {
    const gate = new StoreGate(new GatewayStats());
    const one = publisher();
    one.resume = sinon.spy(() => {
      if (one.resume.callCount === 1) gate.wait(one);
    });
    gate.wait(one);
    gate.open();
    expect([one.pause.callCount, one.resume.callCount]).to.deep.equal([2, 1]);
    gate.open();
    expect(one.resume.callCount).to.equal(2);
  });

  it('pauses only who has written to a store that does not accept, until that does', () => {
    const busy = new Set([1]);
    const members = [0, 1, 2].map((lane) => ({
      get writable(): boolean {
        return !busy.has(lane);
      },
    }));
    const stores = { spread: { lanes: 3 }, member: (lane: number) => members[lane] };
    const gate = new StoreGate(new GatewayStats(), stores as unknown as Stores);
    const [first, second, both] = [publisher(), publisher(), publisher()];
    gate.wait(first, 0b001);
    gate.wait(second, 0b010);
    gate.wait(both, -1);
    expect([first, second, both].map((one) => one.pause.callCount)).to.deep.equal([0, 1, 1]);
    busy.add(2);
    busy.delete(1);
    gate.open();
    expect([second, both].map((one) => one.resume.callCount)).to.deep.equal([1, 0]);
    busy.clear();
    gate.open();
    expect(both.resume.callCount).to.equal(1);
  });
});
