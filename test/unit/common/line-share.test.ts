import { expect } from 'chai';
import { INTERVAL_MS, LineShare, MAX_LINES } from '../../../src/common/line-share.ts';
import { ManualClock } from '../lmq/manual-clock.ts';

describe('LineShare', () => {
  it('has room for a few lines a minute, and tells how many there were beside', () => {
    const clock = new ManualClock();
    const told: number[] = [];
    const share = new LineShare(clock, (times) => told.push(times));
    const taken = (count: number): number =>
      Array.from({ length: count }, () => share.take()).filter(Boolean).length;
    expect(taken(MAX_LINES)).to.equal(MAX_LINES);
    clock.advance(INTERVAL_MS);
    expect(told, 'nothing to be told').to.deep.equal([]);
    expect(taken(MAX_LINES + 5)).to.equal(MAX_LINES);
    clock.advance(INTERVAL_MS);
    expect(told).to.deep.equal([5]);
    expect(taken(1)).to.equal(1);
  });
});
