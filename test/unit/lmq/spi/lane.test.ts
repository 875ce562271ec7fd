import { expect } from 'chai';
import { laneBit, lanesOfBits, MAX_LANES } from '../../../../src/lmq/spi/lane.ts';

describe('lanesOfBits', () => {
  it('says which lanes are in a set', () => {
    expect(lanesOfBits(0)).to.deep.equal([]);
    expect(lanesOfBits(laneBit(0) | laneBit(3))).to.deep.equal([0, 3]);
    const all = Array.from({ length: MAX_LANES }, (_, lane) => lane);
    expect(lanesOfBits(laneBit(MAX_LANES) - 1)).to.deep.equal(all);
  });
});
