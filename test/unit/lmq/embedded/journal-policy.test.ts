import { expect } from 'chai';
import { JournalPolicy } from '../../../../src/lmq/embedded/journal-policy.ts';

const KIB = 1024;

describe('JournalPolicy', () => {
  let policy: JournalPolicy;
  let now: number;

  /** Commits of `bytes` every `ms`; says how many went to the journal. */
  function commit(bytes: number, ms: number, times: number, isAlone: boolean): number {
    let journaled = 0;
    for (let i = 0; i < times; i++) {
      policy.passTime((now += ms));
      policy.count(bytes);
      if (bytes <= policy.maxEntryBytes) {
        journaled++;
        policy.wrote(0.01, now);
      } else {
        policy.ended(isAlone, bytes, now);
      }
    }
    return journaled;
  }

  beforeEach(() => {
    policy = new JournalPolicy(4 * KIB);
    now = 1_000_000;
  });

  it('journals small commits at low rates, which are taken over soon', () => {
    expect(commit(2 * KIB, 1, 1000, false)).to.equal(1000);
    expect(policy.maxWaitingBytes).to.equal(8 * KIB);
    expect(policy.maxJournalBytes).to.equal(256 * KIB);
    expect(policy.isEarly).to.equal(true);
  });

  it('journals nothing under load when others wait for the end of a commit', () => {
    commit(6 * KIB, 0.2, 100, false);
    expect(commit(6 * KIB, 0.2, 1000, false)).to.equal(0);
    expect(policy.isEarly).to.equal(false);
  });

  it('journals nearly all commits of a load that are alone, also larger ones', () => {
    for (const bytes of [6 * KIB, 32 * KIB, 64 * KIB]) {
      policy = new JournalPolicy(4 * KIB);
      commit(bytes, 0.2, 200, true);
      expect(commit(bytes, 0.2, 1000, true), String(bytes)).to.be.above(980);
      expect(policy.isEarly).to.equal(true);
      expect(policy.maxWaitingBytes).to.be.above(64 * KIB);
      expect(policy.maxJournalBytes).to.be.above(1024 * KIB);
    }
  });

  it('leaves commits to the engine that are too large to be written twice', () => {
    expect(commit(65 * KIB, 0.2, 1000, true)).to.equal(0);
    expect(policy.isEarly).to.equal(false);
  });

  it('forgets what it has seen when the load is over', () => {
    commit(6 * KIB, 0.2, 200, true);
    now += 100;
    expect(commit(2 * KIB, 1, 10, false)).to.equal(10);
    expect(policy.maxWaitingBytes).to.equal(8 * KIB);
    // The burst that a load begins with, and eight that are alone.
    expect(commit(12 * KIB, 0.1, 9, true)).to.equal(0);
    expect(commit(12 * KIB, 0.1, 1, true)).to.equal(1);
  });
});
