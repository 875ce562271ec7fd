import { expect } from 'chai';
import { TokenBucket } from '../../../../src/gateway/channel/token-bucket.ts';

describe('gateway: TokenBucket', () => {
  it('has a second of its rate to begin with, and no more however long it waits', () => {
    const bucket = new TokenBucket(10, 0);
    expect(bucket.mayTake(60_000)).to.equal(true);
    bucket.spend(10);
    expect(bucket.mayTake(60_000)).to.equal(false);
    expect(bucket.waitMs(60_000)).to.equal(1);
    expect(bucket.mayTake(60_001)).to.equal(true);
  });

  it('goes into debt for one thing that is too large, and says how long that lasts', () => {
    const bucket = new TokenBucket(1000, 0);
    bucket.spend(5000);
    expect(bucket.waitMs(0)).to.equal(4001);
    expect(bucket.mayTake(4000)).to.equal(false);
    expect(bucket.mayTake(4001)).to.equal(true);
    expect(bucket.waitMs(4001)).to.equal(0);
  });
});
