import { expect } from 'chai';
import { FailedAdoptions } from '../../../../src/gateway/cluster/failed-adoptions.ts';
import { FakeClock } from '../fake-clock.ts';
import { turns } from '../fake-socket.ts';

describe('gateway: FailedAdoptions', () => {
  it('tries all again each second until they succeed, and has room for 1,024', async () => {
    const clock = new FakeClock();
    const tried: string[] = [];
    let isAway = true;
    const failed: FailedAdoptions = new FailedAdoptions(clock, (key) => {
      tried.push(key);
      if (isAway) failed.add(key);
      return Promise.resolve();
    });
    for (let i = 0; i < 1_024; i++) failed.add(String(i));
    await failed.room();
    failed.add('one more');
    let hasRoom = false;
    void failed.room().then(() => {
      hasRoom = true;
    });
    for (let second = 1; second <= 2; second++) {
      clock.advance(1_000);
      await turns();
      expect(tried.length).to.equal(1_025 * second);
      expect(hasRoom).to.equal(false);
    }
    isAway = false;
    clock.advance(1_000);
    await turns();
    expect(hasRoom).to.equal(true);
    clock.advance(10_000);
    await turns();
    expect(tried.length, 'no more').to.equal(1_025 * 3);
  });
});
