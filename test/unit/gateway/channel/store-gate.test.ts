import { expect } from 'chai';
import sinon from 'sinon';
import { StoreGate } from '../../../../src/gateway/channel/store-gate.ts';
import { GatewayStats } from '../../../../src/gateway/gateway-stats.ts';

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
});
