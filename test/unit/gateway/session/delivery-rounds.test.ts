import { expect } from 'chai';
import { DeliveryRounds } from '../../../../src/gateway/session/delivery-rounds.ts';
import type { Arrival } from '../../../../src/lmq/spi/types.ts';
import { FakeClock } from '../fake-clock.ts';

/** As many queues as make a load, and what a round may be late, ms. */
const MANY = 32;
const ROUND_MS = 4;
/** What a round for many readers may be late, ms. */
const WIDE_ROUND_MS = 2;

function make() {
  const clock = new FakeClock();
  const delivered: number[] = [];
  let arrived = 0;
  let readers = 1;
  const rounds = new DeliveryRounds(
    {
      readersOf: () => readers,
      arrived: () => {
        arrived++;
      },
      runScheduled: () => {
        delivered.push(arrived);
        arrived = 0;
      },
    },
    clock,
  );
  const commit = (queues: number): void => {
    for (let i = 0; i < queues; i++) rounds.add({ count: 1 } as Arrival);
    rounds.endOfCommit();
  };
  /** A commit for one queue that so many read. */
  const wide = (count: number): void => {
    readers = count;
    commit(1);
    readers = 1;
  };
  return { clock, delivered, commit, wide };
}

describe('gateway: DeliveryRounds', () => {
  it('delivers a commit for few at once, however soon it comes', () => {
    const { clock, delivered, commit } = make();
    for (let i = 0; i < 5; i++) commit(MANY - 1);
    expect(delivered).to.deep.equal([31, 31, 31, 31, 31]);
    expect(clock.pendingTimers).to.equal(0);
  });

  it('delivers nothing for a commit that nobody reads', () => {
    const { delivered, commit } = make();
    commit(0);
    expect(delivered).to.deep.equal([]);
  });

  it('delivers the first commit for many at once, and the next ones together', () => {
    const { clock, delivered, commit } = make();
    commit(MANY);
    expect(delivered).to.deep.equal([MANY]);
    clock.advance(1);
    commit(MANY);
    clock.advance(1);
    commit(MANY);
    expect(delivered).to.deep.equal([MANY]);
    clock.advance(2);
    commit(MANY);
    expect(delivered).to.deep.equal([MANY, 3 * MANY]);
  });

  it('lets nothing wait when no commit follows', () => {
    const { clock, delivered, commit } = make();
    commit(MANY);
    commit(MANY);
    clock.advance(ROUND_MS - 1);
    expect(delivered).to.deep.equal([MANY]);
    clock.advance(1);
    expect(delivered).to.deep.equal([MANY, MANY]);
    expect(clock.pendingTimers).to.equal(0);
  });

  it('delivers what waits, and in order, with a commit for few', () => {
    const { clock, delivered, commit } = make();
    commit(MANY);
    commit(MANY);
    commit(1);
    expect(delivered).to.deep.equal([MANY, MANY + 1]);
    expect(clock.pendingTimers).to.equal(0);
  });

  it('counts the time from the last round of many', () => {
    const { clock, delivered, commit } = make();
    commit(MANY);
    clock.advance(ROUND_MS);
    commit(MANY);
    clock.advance(1);
    commit(MANY);
    expect(delivered).to.deep.equal([MANY, MANY]);
  });

  it('delivers a commit for few readers at once, however soon it comes', () => {
    const { clock, delivered, wide } = make();
    for (let i = 0; i < 3; i++) wide(MANY - 1);
    expect(delivered).to.deep.equal([1, 1, 1]);
    expect(clock.pendingTimers).to.equal(0);
  });

  it('delivers what one queue has for many readers together with what follows within 2 ms', () => {
    const { clock, delivered, wide } = make();
    wide(MANY);
    expect(delivered).to.deep.equal([1]);
    clock.advance(1);
    wide(MANY);
    wide(MANY);
    expect(delivered).to.deep.equal([1]);
    clock.advance(1);
    wide(MANY);
    expect(delivered).to.deep.equal([1, 3]);
    expect(clock.pendingTimers).to.equal(0);
  });

  it('lets nothing for many readers wait longer than 2 ms', () => {
    const { clock, delivered, wide } = make();
    wide(MANY);
    clock.advance(1);
    wide(MANY);
    clock.advance(WIDE_ROUND_MS - 1);
    expect(delivered).to.deep.equal([1]);
    clock.advance(1);
    expect(delivered).to.deep.equal([1, 1]);
  });

  it('delivers at once to many readers when nothing has been for 2 ms', () => {
    const { clock, delivered, wide } = make();
    for (let i = 0; i < 3; i++) {
      wide(MANY);
      clock.advance(WIDE_ROUND_MS);
    }
    expect(delivered).to.deep.equal([1, 1, 1]);
  });
});
