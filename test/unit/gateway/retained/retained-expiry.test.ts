import { expect } from 'chai';
import { silentLogger } from '../../../../src/common/logger.ts';
import {
  RetainedExpiry,
  type RetainedExpiryOptions,
} from '../../../../src/gateway/retained/retained-expiry.ts';

const GRACE_MS = 60_000;

describe('gateway: RetainedExpiry', () => {
  let expired: string[];
  /** What the cluster answers to the next question for the duty. */
  let answer: () => Promise<boolean>;
  let asked: string[];

  beforeEach(() => {
    expired = [];
    asked = [];
    answer = () => Promise.resolve(true);
  });

  const cluster = {
    claimIfFree: (key: string) => {
      asked.push(key);
      return answer();
    },
  };

  function make(among?: RetainedExpiryOptions['cluster']): RetainedExpiry {
    const expiry: RetainedExpiry = new RetainedExpiry({
      cluster: among,
      onExpired: (topic) => {
        expired.push(topic);
        expiry.delete(topic);
      },
      logger: silentLogger,
    });
    return expiry;
  }

  it('tells once of what has expired, and not of what was set later or deleted', () => {
    const expiry = make();
    for (const topic of ['a', 'b', 'c', 'd']) expiry.set(topic, 100);
    expiry.set('b', 200);
    expiry.delete('c');
    expiry.sweep(99);
    expect(expired).to.deep.equal([]);
    expiry.sweep(100);
    expiry.sweep(101);
    expect(expired).to.deep.equal(['a', 'd']);
  });

  it('looks at a limited number of topics in one sweep, and at all in turn', () => {
    const expiry = make();
    for (let i = 0; i < 25_000; i++) expiry.set(String(i), i < 20_000 ? 1000 : 1);
    expiry.sweep(1);
    expiry.sweep(1);
    expect(expired).to.have.lengthOf(0);
    expiry.sweep(1);
    expect(expired).to.have.lengthOf(5_000);
  });

  it('where other gateways write too waits for the duty, and a minute', async () => {
    const expiry = make(cluster);
    expiry.set('a', 100);
    expect(expiry.isMyDuty).to.equal(false);
    expiry.sweep(100 + GRACE_MS);
    await Promise.resolve();
    expect([expiry.isMyDuty, expired]).to.deep.equal([true, []]);
    expiry.sweep(99 + GRACE_MS);
    expect(expired).to.deep.equal([]);
    expiry.sweep(100 + GRACE_MS);
    expect(expired).to.deep.equal(['a']);
  });

  it('has the duty no more when another gateway has it, or the store does not say', async () => {
    const expiry = make(cluster);
    expiry.set('a', 100);
    for (const next of [
      () => Promise.resolve(false),
      () => Promise.reject(new Error('the store is away')),
    ]) {
      answer = () => Promise.resolve(true);
      expiry.sweep(0);
      await new Promise(setImmediate);
      expect(expiry.isMyDuty).to.equal(true);
      answer = next;
      expiry.sweep(0);
      await new Promise(setImmediate);
      expect(expiry.isMyDuty).to.equal(false);
    }
    expiry.sweep(100 + GRACE_MS);
    expect(expired).to.deep.equal([]);
  });

  it('does not ask for the duty while nothing can expire', () => {
    const expiry = make(cluster);
    expiry.sweep(0);
    expect(asked).to.deep.equal([]);
    expiry.set('a', 1);
    expiry.sweep(0);
    expect(asked).to.have.lengthOf(1);
  });
});
