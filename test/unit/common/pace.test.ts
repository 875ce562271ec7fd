import { expect } from 'chai';
import { Pace } from '../../../src/common/pace.ts';
import { FakeClock } from '../gateway/fake-clock.ts';

const STEPS = 256;

function stepsUntilRest(pace: Pace): { steps: number; rest: Promise<void> } {
  for (let steps = 1; steps <= 10 * STEPS; steps++) {
    const rest = pace.step();
    if (rest !== undefined) return { steps, rest };
  }
  throw new Error('no rest');
}

describe('Pace', () => {
  it('rests in proportion to the work', async () => {
    const clock = new FakeClock();
    const pace = new Pace(clock, 0.25);
    clock.advance(10);
    const { steps, rest } = stepsUntilRest(pace);
    expect(steps).to.equal(STEPS);
    let isOver = false;
    void rest.then(() => {
      isOver = true;
    });
    clock.advance(29);
    await Promise.resolve();
    expect(isOver).to.equal(false);
    clock.advance(1);
    await rest;
  });

  it('counts anew after a rest', async () => {
    const clock = new FakeClock();
    const pace = new Pace(clock, 0.5);
    clock.advance(4);
    const first = stepsUntilRest(pace).rest;
    clock.advance(4);
    await first;
    const { steps, rest } = stepsUntilRest(pace);
    expect(steps).to.equal(STEPS);
    // no time has passed: it goes on at once
    await rest;
  });

  it('rests no longer than somebody may have to wait for', async () => {
    const clock = new FakeClock();
    const pace = new Pace(clock, 0.01);
    clock.advance(1000);
    const { rest } = stepsUntilRest(pace);
    clock.advance(100);
    await rest;
  });

  it('never rests when it may take all the time', async () => {
    const clock = new FakeClock();
    const pace = new Pace(clock, 1);
    clock.advance(1000);
    await stepsUntilRest(pace).rest;
  });
});
