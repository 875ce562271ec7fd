import { expect } from 'chai';
import fc from 'fast-check';
import { NOT_IN_WHEEL, TimerWheel } from '../../../src/common/timer-wheel.ts';
import { ManualClock, Item, START } from './manual-wheel.ts';

describe('TimerWheel', () => {
  let clock: ManualClock;

  let wheel: TimerWheel;

  beforeEach(() => {
    clock = new ManualClock();
    wheel = new TimerWheel(clock);
  });

  it('calls an item when its seconds have passed, once when it returns 0', () => {
    const item = new Item();
    wheel.add(item, 3);
    clock.run(2);
    expect(item.calls).to.deep.equal([]);
    clock.run(1);
    expect(item.calls).to.deep.equal([START + 3]);
    clock.run(3000);
    expect(item.calls).to.have.length(1);
    expect(item.wheelSlot).to.equal(NOT_IN_WHEEL);
  });

  it('calls again after as many seconds as the item returns, and stops at -1', () => {
    const answers = [5, 1, -1];
    const item = new Item(() => answers.shift() ?? expect.fail('called too often'));
    wheel.add(item, 2);
    clock.run(20);
    expect(item.calls).to.deep.equal([START + 2, START + 7, START + 8]);
  });

  it('rounds up, to one tick at least', () => {
    const items = [0, -5, 0.1, 1.5].map((seconds) => {
      const item = new Item();
      wheel.add(item, seconds);
      return item;
    });
    clock.run(3);
    expect(items.map((item) => item.calls)).to.deep.equal([
      [START + 1],
      [START + 1],
      [START + 1],
      [START + 2],
    ]);
  });

  it('runs its timer only while it has items', async () => {
    expect(clock.timers.size).to.equal(0);
    const [a, b] = [new Item(), new Item()];
    wheel.add(a, 5);
    wheel.add(b, 5);
    expect(clock.timersStarted).to.equal(1);
    wheel.remove(a);
    expect(clock.timers.size).to.equal(1);
    wheel.remove(b);
    expect(clock.timers.size).to.equal(0);
    await clock.stall(5000);
    wheel.add(a, 1);
    expect(wheel.nowSeconds).to.equal(START + 5000);
    expect(clock.timers.size).to.equal(1);
    clock.run(1);
    expect(a.calls).to.deep.equal([START + 5001]);
    expect(clock.timers.size).to.equal(0);
  });

  it('asks items with long waits in between, so that they get their full time', () => {
    const limit = 98_303;
    const lastActivity = wheel.nowSeconds;
    let expiredAt = 0;
    const item = new Item((now) => {
      const left = lastActivity + limit - now;
      if (left <= 0) expiredAt = now;
      return left;
    });
    wheel.add(item, limit);
    clock.run(limit - 1);
    expect(expiredAt).to.equal(0);
    clock.run(1);
    expect(expiredAt).to.equal(START + limit);
    expect(item.calls.length).to.be.lessThan(100);
  });

  it('lets traffic move a deadline by a stamp alone', () => {
    let lastActivity = wheel.nowSeconds;
    let closed = false;
    const item = new Item((now) => {
      const left = lastActivity + 10 - now;
      closed = left <= 0;
      return left;
    });
    wheel.add(item, 10);
    for (let i = 0; i < 50; i++) {
      clock.run(5);
      lastActivity = wheel.nowSeconds;
    }
    expect(closed).to.equal(false);
    expect(item.calls.length).to.be.lessThan(60);
    clock.run(9);
    expect(closed).to.equal(false);
    clock.run(1);
    expect(closed).to.equal(true);
  });

  it('moves an item that is added again', () => {
    const item = new Item();
    wheel.add(item, 2);
    wheel.add(item, 6);
    expect(wheel.size).to.equal(1);
    clock.run(5);
    expect(item.calls).to.deep.equal([]);
    clock.run(1);
    expect(item.calls).to.have.length(1);
  });

  it('ignores the removal of an item that it does not have', () => {
    wheel.remove(new Item());
    const item = new Item();
    wheel.add(item, 1);
    wheel.remove(item);
    wheel.remove(item);
    expect(wheel.size).to.equal(0);
    clock.run(3);
    expect(item.calls).to.deep.equal([]);
  });

  it('agrees with a model for any sequence of operations', async () => {
    const operation = fc.oneof(
      fc.record({
        kind: fc.constant('add'),
        item: fc.nat(4),
        n: fc.integer({ min: 1, max: 1500 }),
      }),
      fc.record({ kind: fc.constant('remove'), item: fc.nat(4), n: fc.constant(0) }),
      fc.record({
        kind: fc.constant('run'),
        item: fc.constant(0),
        n: fc.integer({ max: 30, min: 1 }),
      }),
      fc.record({
        kind: fc.constant('stall'),
        item: fc.constant(0),
        n: fc.integer({ max: 1200, min: 1 }),
      }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(operation, { maxLength: 40 }), async (operations) => {
        const local = new ManualClock();
        const subject = new TimerWheel(local);
        const due = new Map<number, number>();
        const fired: number[] = [];
        const items = Array.from(
          { length: 5 },
          (_, i) =>
            new Item((now) => {
              const left = (due.get(i) ?? expect.fail('called though removed')) - now;
              if (left > 0) return left;
              due.delete(i);
              fired.push(i);
              return 0;
            }),
        );
        for (const { kind, item, n } of operations) {
          const target = items[item]!;
          if (kind === 'add') {
            subject.add(target, n);
            due.set(item, subject.nowSeconds + n);
          } else if (kind === 'remove') {
            subject.remove(target);
            due.delete(item);
          } else if (kind === 'run') local.run(n);
          else await local.stall(n);
          expect(subject.size).to.equal(due.size);
          expect(local.timers.size).to.equal(due.size > 0 ? 1 : 0);
          if (due.size > 0) {
            expect(Math.min(...due.values())).to.be.greaterThan(Math.floor(local.ms / 1000));
          }
        }
      }),
      { numRuns: 300 },
    );
  });

  it('holds 100,000 items with one timer', () => {
    const items = Array.from({ length: 100_000 }, () => new Item(() => 60));
    for (const [i, item] of items.entries()) wheel.add(item, (i % 60) + 1);
    expect(clock.timersStarted).to.equal(1);
    clock.run(60);
    expect(items.every((item) => item.calls.length === 1)).to.equal(true);
    for (const item of items) wheel.remove(item);
    expect(wheel.size).to.equal(0);
    expect(clock.timers.size).to.equal(0);
  });
});
