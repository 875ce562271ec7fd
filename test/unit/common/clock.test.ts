import { expect } from 'chai';
import { useFakeTimers, type SinonFakeTimers } from 'sinon';
import { systemClock } from '../../../src/common/clock.ts';

const DAY_MS = 86_400_000;
/** A timer of Node.js waits for 2^31 - 1 ms, 24.8 days, at most: asked for more it calls at once, here as there. */
const LONG_MS: number = 365 * DAY_MS;

describe('systemClock', () => {
  let timers: SinonFakeTimers;

  beforeEach(() => {
    timers = useFakeTimers({
      toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'],
    });
  });

  afterEach(() => {
    timers.restore();
  });

  it('waits for a year', () => {
    let calls = 0;
    systemClock.after(LONG_MS, () => calls++);
    timers.tick(LONG_MS - 1);
    expect(calls).to.equal(0);
    timers.tick(1);
    expect(calls).to.equal(1);
    expect(timers.countTimers()).to.equal(0);
  });

  it('does not call when that is cancelled in the meantime', () => {
    let calls = 0;
    const timer = systemClock.after(LONG_MS, () => calls++);
    timers.tick(LONG_MS / 2);
    timer.cancel();
    expect(timers.countTimers()).to.equal(0);
    timers.tick(LONG_MS);
    expect(calls).to.equal(0);
  });

  it('calls every year', () => {
    let calls = 0;
    const timer = systemClock.every(LONG_MS, () => calls++);
    timers.tick(LONG_MS - 1);
    expect(calls).to.equal(0);
    timers.tick(1 + LONG_MS);
    expect(calls).to.equal(2);
    timer.cancel();
    expect(timers.countTimers()).to.equal(0);
  });

  it('calls every second until it is cancelled, also from within', () => {
    let calls = 0;
    const timer = systemClock.every(1000, () => {
      if (++calls === 3) timer.cancel();
    });
    timers.tick(10_000);
    expect(calls).to.equal(3);
  });
});
