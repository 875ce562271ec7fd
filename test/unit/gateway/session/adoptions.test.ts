import { expect } from 'chai';
import { ErrorCode, StoreError } from '../../../../src/common/errors.ts';
import { Adoptions } from '../../../../src/gateway/session/adoptions.ts';
import { failureOf } from '../../../helpers/failure-of.ts';

const AWAY = new StoreError(ErrorCode.STORE_UNAVAILABLE, 'away', { retryable: true });
const CORRUPT = new StoreError(ErrorCode.STORE_CORRUPT, 'corrupt');

describe('gateway: Adoptions', () => {
  /** What was done with sessions, in order. */
  let done: string[];
  /** Whether somebody has the session in memory. */
  let isHere: boolean;
  let lost: Error | undefined;
  let adoptions: Adoptions;

  beforeEach(() => {
    done = [];
    isHere = false;
    lost = undefined;
    adoptions = new Adoptions({
      whileAway: async (clientId, task) => {
        done.push(`away ${clientId}`);
        if (!isHere) await task();
      },
      lostGateway: (clientId) => {
        done.push(`lost ${clientId}`);
        return lost === undefined ? Promise.resolve() : Promise.reject(lost);
      },
      releaseIfAway: (clientId) => done.push(`release ${clientId}`),
    });
  });

  const task = (): Promise<void> => {
    done.push('task');
    return Promise.resolve();
  };

  it('keeps the claim until the session is adopted, and gives it up once', async () => {
    await adoptions.adopt('c', task);
    expect(done).to.deep.equal(['away c', 'lost c', 'task']);
    expect([adoptions.isOpen('c'), adoptions.isOpen('d')]).to.deep.equal([true, false]);
    adoptions.adopted('c');
    adoptions.adopted('c');
    adoptions.adopted('d');
    expect(done.slice(3)).to.deep.equal(['release c']);
    expect(adoptions.isOpen('c')).to.equal(false);
  });

  for (const [name, error, isOpen] of [
    ['keeps it after an error that may pass', AWAY, true],
    ['does not keep it after one that stays', CORRUPT, false],
  ] as const) {
    it(name, async () => {
      lost = error;
      expect(await failureOf(adoptions.adopt('c', task))).to.equal(error);
      expect(adoptions.isOpen('c'), 'what the store does').to.equal(isOpen);
      expect(done).not.to.include('task');
      lost = undefined;
      const failing = adoptions.adopt('d', () => Promise.reject(error));
      expect(await failureOf(failing)).to.equal(error);
      expect(adoptions.isOpen('d'), 'what the task does').to.equal(isOpen);
    });
  }

  it('leaves a session alone that somebody has', async () => {
    isHere = true;
    await adoptions.adopt('c', task);
    expect(done).to.deep.equal(['away c']);
    expect(adoptions.isOpen('c')).to.equal(false);
  });

  it('forgets one whose claim has been given up', async () => {
    await adoptions.adopt('c', task);
    adoptions.released('c');
    expect(adoptions.isOpen('c')).to.equal(false);
    adoptions.adopted('c');
    expect(done).not.to.include('release c');
  });
});
