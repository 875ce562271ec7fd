import { expect } from 'chai';
import { TimerWheel } from '../../../src/common/timer-wheel.ts';
import { ManualClock, Item, START } from './manual-wheel.ts';

describe('TimerWheel after a stall, and within calls', () => {
  let clock: ManualClock;

  let wheel: TimerWheel;

  beforeEach(() => {
    clock = new ManualClock();
    wheel = new TimerWheel(clock);
  });

  for (const stall of [7, 1022, 1023, 1024, 1025, 2048, 100_000]) {
    it(`catches up after ${stall} s without a tick, calling each due item once`, async () => {
      const items = Array.from({ length: 6 }, (_, i) => {
        const item = new Item(() => 1023);
        wheel.add(item, i + 1);
        return item;
      });
      await clock.stall(stall);
      expect(items.map((item) => item.calls.length)).to.deep.equal([1, 1, 1, 1, 1, 1]);
      expect(wheel.size).to.equal(6);
      clock.run(1022);
      expect(items.every((item) => item.calls.length === 1)).to.equal(true);
      clock.run(1);
      expect(items.every((item) => item.calls.length === 2)).to.equal(true);
    });
  }

  it('asks after a stall only when what came in meanwhile has had its turn', async () => {
    let lastActivity = wheel.nowSeconds;
    let closed = false;
    const item = new Item((now) => {
      const left = lastActivity + 10 - now;
      closed = left <= 0;
      return left;
    });
    wheel.add(item, 10);
    const stalled = clock.stall(60);
    // A socket is read between the timers and the immediates.
    expect(item.calls).to.deep.equal([]);
    lastActivity = wheel.nowSeconds;
    await stalled;
    expect(item.calls).to.deep.equal([START + 60]);
    expect(closed).to.equal(false);
  });

  it('forgets items that are removed between a stall and the calls', async () => {
    const item = new Item();
    wheel.add(item, 1);
    const stalled = clock.stall(5);
    wheel.remove(item);
    expect(clock.timers.size).to.equal(0);
    await stalled;
    expect(item.calls).to.deep.equal([]);
    expect(wheel.size).to.equal(0);
  });

  it('lets items of the same second remove and add each other and themselves', () => {
    const victim = new Item();
    const added = new Item();
    const again: Item = new Item(() => {
      if (again.calls.length < 3) wheel.add(again, 4);
      return 0;
    });
    const killer: Item = new Item(() => {
      wheel.remove(victim);
      wheel.remove(killer);
      wheel.add(added, 1);
      return 0;
    });
    // Items of one second are called in the order in which they were added.
    for (const item of [killer, again, victim]) wheel.add(item, 1);
    clock.run(1);
    expect(victim.calls).to.deep.equal([]);
    expect(wheel.size).to.equal(2);
    clock.run(20);
    expect(added.calls).to.deep.equal([START + 2]);
    expect(again.calls).to.deep.equal([START + 1, START + 5, START + 9]);
    expect(wheel.size).to.equal(0);
    expect(clock.timers.size).to.equal(0);
  });

  it('keeps one timer when the last item is exchanged for another within its call', () => {
    const other = new Item();
    const item = new Item(() => {
      wheel.remove(other);
      wheel.add(other, 3);
      return 0;
    });
    wheel.add(other, 50);
    wheel.add(item, 1);
    clock.run(1);
    expect(clock.timers.size).to.equal(1);
    clock.run(3);
    expect(other.calls).to.deep.equal([START + 4]);
    expect(clock.timers.size).to.equal(0);
  });
});
