import { expect } from 'chai';
import { LoadAverage } from '../../../../src/gateway/sys/load-average.ts';

describe('gateway: LoadAverage', () => {
  it('comes close to a steady rate per minute within five time constants', () => {
    const load = new LoadAverage(1);
    for (let i = 0; i < 30; i++) load.update(100, 10_000);
    expect(Number(load.text)).to.be.within(590, 600);
  });

  it('reaches 63 % of it after one time constant, whatever the steps', () => {
    for (const stepMs of [1000, 10_000, 60_000]) {
      const load = new LoadAverage(1);
      for (let ms = 0; ms < 60_000; ms += stepMs) load.update(stepMs / 1000, stepMs);
      expect(Number(load.text)).to.be.closeTo(60 * (1 - Math.exp(-1)), 0.1);
    }
  });

  it('falls to nothing when nothing comes, the slower the longer its time', () => {
    const [fast, slow] = [new LoadAverage(1), new LoadAverage(15)];
    for (const load of [fast, slow]) load.update(1000, 10_000);
    for (let i = 0; i < 18; i++) for (const load of [fast, slow]) load.update(0, 10_000);
    expect(Number(fast.text)).to.be.below(60);
    const peak = 6000 * (1 - Math.exp(-10 / 900));
    expect(Number(slow.text)).to.be.closeTo(peak * Math.exp(-180 / 900), 0.1);
  });

  it('keeps its text until a hundredth has changed', () => {
    const load = new LoadAverage(1);
    expect(load.text).to.equal('0.00');
    expect(load.update(0, 10_000)).to.equal(false);
    expect(load.update(10, 10_000)).to.equal(true);
    expect(load.text).to.match(/^\d+\.\d\d$/);
  });

  it('takes no time for no change', () => {
    const load = new LoadAverage(1);
    expect(load.update(5, 0)).to.equal(false);
    expect(load.text).to.equal('0.00');
  });
});
