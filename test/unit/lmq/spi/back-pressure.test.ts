import { expect } from 'chai';
import { BackPressure } from '../../../../src/lmq/spi/back-pressure.ts';

describe('lmq: BackPressure', () => {
  it('begins over the limit and ends at half of it, once', () => {
    const pressure = new BackPressure(100);
    expect(pressure.takesMore(100)).to.equal(true);
    expect(pressure.takesMore(101)).to.equal(false);
    expect(pressure.hasEased(51)).to.equal(false);
    expect(pressure.takesMore(51)).to.equal(false);
    expect(pressure.hasEased(50)).to.equal(true);
    expect(pressure.takesMore(51)).to.equal(true);
    expect(pressure.hasEased(0)).to.equal(false);
  });

  it('is not noticed when nobody asks while there is too much', () => {
    const pressure = new BackPressure(100);
    expect(pressure.hasEased(200)).to.equal(false);
    expect(pressure.hasEased(0)).to.equal(false);
    expect(pressure.takesMore(0)).to.equal(true);
  });
});
