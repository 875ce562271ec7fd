import { expect } from 'chai';
import {
  EventLoopStalls,
  STALL_MS,
  type LoopTimes,
} from '../../../src/common/event-loop-stalls.ts';
import type { Clock } from '../../../src/common/clock.ts';

/** A clock whose only timer is fired by hand, as late as the test wants. */
function handClock() {
  const state = { now: 1000, intervalMs: 0, fire: () => {}, cancelled: 0 };
  const clock: Pick<Clock, 'monotonic' | 'every'> = {
    monotonic: () => state.now,
    every: (intervalMs, callback) => {
      state.intervalMs = intervalMs;
      state.fire = callback;
      return { cancel: () => state.cancelled++ };
    },
  };
  const tick = (lateMs: number): void => {
    state.now += state.intervalMs + lateMs;
    state.fire();
  };
  return { clock: clock as Clock, state, tick };
}

describe('EventLoopStalls', () => {
  it('counts ticks that are late by more than 20 ms, and how late they were', async () => {
    const { clock, tick } = handClock();
    const stalls = new EventLoopStalls(clock);
    await stalls.start();
    for (const late of [0, 3, STALL_MS, STALL_MS + 1, 0, 100]) tick(late);
    expect(stalls.count).to.equal(2);
    expect(stalls.milliseconds).to.equal(121);
  });

  it('counts a stall once, however long it was', async () => {
    const { clock, tick } = handClock();
    const stalls = new EventLoopStalls(clock);
    await stalls.start();
    tick(5000);
    for (let i = 0; i < 10; i++) tick(0);
    expect(stalls.count).to.equal(1);
  });

  it('does not count the time before its start', async () => {
    const { clock, state, tick } = handClock();
    const stalls = new EventLoopStalls(clock);
    state.now += 10_000;
    await stalls.start();
    tick(0);
    expect(stalls.count).to.equal(0);
  });

  it('cancels its timer once', async () => {
    const { clock, state } = handClock();
    const stalls = new EventLoopStalls(clock);
    await stalls.start();
    await stalls.stop();
    await stalls.stop();
    expect(state.cancelled).to.equal(1);
  });

  it('goes on until everybody who has started it has stopped it', async () => {
    const { clock, state, tick } = handClock();
    const stalls = new EventLoopStalls(clock);
    await stalls.start();
    await stalls.start();
    await stalls.stop();
    tick(100);
    expect([stalls.count, state.cancelled]).to.deep.equal([1, 0]);
    await stalls.stop();
    expect(state.cancelled).to.equal(1);
    await stalls.start();
    tick(100);
    expect(stalls.count).to.equal(2);
  });

  describe('of a process with little to do', () => {
    /** How much of the time since the last look the event loop was at work. */
    function loop() {
      const times: { active: number; idle: number } & LoopTimes = { active: 500, idle: 0 };
      const pass = (active: number, idle: number): void => {
        times.active += active;
        times.idle += idle;
      };
      return { loopTimes: () => ({ ...times }), pass };
    }

    it('looks ten times a second, until there is work', async () => {
      const { clock, state, tick } = handClock();
      const { loopTimes, pass } = loop();
      const stalls = new EventLoopStalls(clock, loopTimes);
      await stalls.start();
      pass(29, 971);
      for (let i = 0; i < 99; i++) tick(0);
      expect(state.intervalMs).to.equal(10);
      tick(0);
      expect(state.intervalMs).to.equal(100);
      pass(2, 98);
      tick(0);
      expect(state.intervalMs).to.equal(100);
      pass(3, 97);
      tick(0);
      expect(state.intervalMs).to.equal(10);
      pass(30, 970);
      for (let i = 0; i < 100; i++) tick(0);
      expect(state.intervalMs).to.equal(10);
      expect(stalls.count).to.equal(0);
      await stalls.stop();
      expect(state.cancelled).to.equal(3);
    });

    it('counts from when the next tick is due then, too', async () => {
      const { clock, state, tick } = handClock();
      const { loopTimes, pass } = loop();
      const stalls = new EventLoopStalls(clock, loopTimes);
      await stalls.start();
      pass(0, 1000);
      for (let i = 0; i < 100; i++) tick(0);
      expect(state.intervalMs).to.equal(100);
      tick(STALL_MS);
      tick(STALL_MS + 1);
      expect([stalls.count, stalls.milliseconds]).to.deep.equal([1, 21]);
    });
  });
});
