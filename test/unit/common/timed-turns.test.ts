import { expect } from 'chai';
import { TimedTurns } from '../../../src/common/timed-turns.ts';
import { FakeClock } from '../gateway/fake-clock.ts';
import { turns as pass } from '../gateway/fake-socket.ts';

describe('TimedTurns', () => {
  let clock: FakeClock;
  let turns: TimedTurns;
  let called: string[];

  beforeEach(() => {
    clock = new FakeClock();
    turns = new TimedTurns(clock, 4);
    called = [];
  });

  function share(name: string, ms = 0): void {
    turns.share(() => {
      called.push(name);
      clock.advance(ms);
    });
  }

  it('calls at once while there is time in the turn, and again in the next one', async () => {
    for (const name of ['a', 'b', 'c']) share(name, 1);
    expect(called).to.deep.equal(['a', 'b', 'c']);
    expect(turns.isOver).to.equal(false);
    share('d', 1);
    expect(turns.isOver).to.equal(true);
    await pass(1);
    expect(turns.isOver).to.equal(false);
  });

  it('calls the others in later turns, in order, and no more of them than there is time for', async () => {
    share('a', 5);
    for (const name of ['b', 'c', 'd', 'e']) share(name, 3);
    expect(called).to.deep.equal(['a']);
    await pass(1);
    expect(called).to.deep.equal(['a', 'b', 'c']);
    // Behind those who wait.
    share('f');
    await pass(1);
    expect(called).to.deep.equal(['a', 'b', 'c', 'd', 'e']);
    await pass(1);
    expect(called).to.deep.equal(['a', 'b', 'c', 'd', 'e', 'f']);
  });

  it('counts what is done in `process.nextTick`', async () => {
    const later = (name: string): void => {
      turns.share(() => {
        process.nextTick(() => {
          called.push(name);
          clock.advance(5);
        });
      });
    };
    share('first', 5);
    for (const name of ['a', 'b', 'c']) later(name);
    await pass(1);
    expect(called).to.deep.equal(['first', 'a']);
    await pass(2);
    expect(called).to.deep.equal(['first', 'a', 'b', 'c']);
  });

  it('lets who has been called go on, and puts it behind the others when the time is over', async () => {
    const goOn = (name: string, left: number): void => {
      turns.share(() => {
        let rest = left;
        while (rest > 0 && !turns.isOver) {
          rest--;
          called.push(name);
          clock.advance(2);
        }
        if (rest > 0) goOn(name, rest);
      });
    };
    share('first', 5);
    goOn('a', 3);
    goOn('b', 2);
    await pass(4);
    expect(called.join(' ')).to.equal('first a a b b a');
  });

  it('forgets who has been called while others go on waiting', async () => {
    share('first', 5);
    for (let i = 0; i < 5000; i++) share(String(i), 1);
    for (let i = 5000; i < 6000; i++) {
      await pass(1);
      share(String(i), 1);
    }
    await pass(600);
    expect(called.length).to.equal(6001);
    expect(called.slice(1).every((name, i) => name === String(i))).to.equal(true);
    expect(turns.isOver).to.equal(false);
  });

  it('goes on when one of them throws', async () => {
    share('first', 5);
    const thrown: unknown[] = [];
    const listeners = process.listeners('uncaughtException');
    process.removeAllListeners('uncaughtException');
    process.once('uncaughtException', (error) => thrown.push(error.message));
    turns.share(() => {
      throw new Error('no');
    });
    share('b');
    await pass(2);
    for (const listener of listeners) process.on('uncaughtException', listener);
    expect(thrown).to.deep.equal(['no']);
    expect(called).to.deep.equal(['first', 'b']);
  });
});
