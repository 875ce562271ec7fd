import { expect } from 'chai';
import { LoneCommits } from '../../../../src/lmq/embedded/lone-commits.ts';

describe('LoneCommits', () => {
  let lone: LoneCommits;
  let now: number;

  function ended(isAlone: boolean, times = 1): void {
    for (let i = 0; i < times; i++) lone.ended(isAlone, (now += 0.1));
  }

  /** Early commits until one is to go to the engine. */
  function early(): number {
    let count = 0;
    for (; lone.isNextEarly; count++) lone.wrote(0.01, (now += 0.1));
    return count;
  }

  beforeEach(() => {
    lone = new LoneCommits();
    now = 1_000_000;
  });

  it('are believed after eight in a row', () => {
    ended(true, 7);
    expect(lone.isBelieved).to.equal(false);
    ended(false);
    ended(true, 7);
    expect(lone.isBelieved).to.equal(false);
    expect(lone.isNextEarly).to.equal(false);
    ended(true);
    expect(lone.isBelieved).to.equal(true);
    expect(lone.isNextEarly).to.equal(true);
  });

  it('are looked at from time to time, seldom after a while, and believed meanwhile', () => {
    ended(true, 8);
    const counts: number[] = [];
    for (let i = 0; i < 6; i++) {
      counts.push(early());
      expect(lone.isBelieved).to.equal(true);
      ended(true);
    }
    expect(counts).to.deep.equal([8, 16, 32, 64, 64, 64]);
  });

  it('are over with the first one that is not alone, and looked at as often as in the beginning', () => {
    ended(true, 8);
    for (let i = 0; i < 4; i++) {
      early();
      ended(true);
    }
    ended(false);
    expect(lone.isBelieved).to.equal(false);
    expect(early()).to.equal(0);
    ended(true, 8);
    expect(early()).to.equal(8);
  });

  it('are counted anew after a probe that came sooner', () => {
    ended(true, 8);
    lone.wrote(0.01, now);
    ended(true);
    expect(early()).to.equal(16);
  });

  it('rest for a hundred times as long as a write that was held back', () => {
    ended(true, 8);
    lone.wrote(4.9, now);
    expect(lone.isNextEarly).to.equal(true);
    lone.wrote(20, now);
    expect(lone.isBelieved).to.equal(false);
    const end = now + 2000;
    while (now < end - 1) ended(true);
    expect(lone.isBelieved).to.equal(false);
    now = end;
    ended(true, 8);
    expect(lone.isBelieved).to.equal(true);
  });
});
