import { expect } from 'chai';
import { CommitLoad } from '../../../../src/lmq/embedded/commit-load.ts';

describe('CommitLoad', () => {
  let load: CommitLoad;
  let now: number;

  /** Commits of `bytes` every `ms`, `times`; says how often the load was high. */
  function commit(bytes: number, ms: number, times: number): number {
    let high = 0;
    for (let i = 0; i < times; i++) {
      load.passTime((now += ms));
      load.add(bytes);
      if (load.isHigh) high++;
    }
    return high;
  }

  beforeEach(() => {
    load = new CommitLoad(4 * 1024);
    now = 1_000_000;
  });

  it('is none at ten thousand short messages a second, alone or some together', () => {
    expect(commit(250, 0.1, 10_000)).to.equal(0);
    expect(commit(2500, 1, 1000)).to.equal(0);
  });

  it('is none after a pause of the process', () => {
    for (let i = 0; i < 10; i++) {
      commit(250, 0.1, 100);
      now += 4;
      expect(commit(40 * 250, 0.1, 1)).to.equal(0);
    }
  });

  it('begins soon at a hundred thousand messages a second, and at one large commit', () => {
    expect(commit(2500, 0.1, 100)).to.be.above(90);
    load = new CommitLoad(4 * 1024);
    expect(commit(20_000, 1, 1)).to.equal(1);
  });

  it('begins later where more is worth having early', () => {
    load = new CommitLoad(16 * 1024);
    expect(commit(7000, 0.6, 1000)).to.equal(0);
    expect(commit(7000, 0.3, 1000)).to.be.above(900);
  });

  it('does not end in a pause, but does soon when the rate has fallen', () => {
    commit(2500, 0.1, 100);
    now += 20;
    expect(commit(250, 0.1, 1)).to.equal(1);
    commit(250, 0.1, 1000);
    expect(commit(250, 0.1, 1000)).to.equal(0);
    commit(2500, 0.1, 100);
    now += 33;
    expect(commit(250, 0.1, 1)).to.equal(0);
  });
});
