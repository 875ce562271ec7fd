import { expect } from 'chai';
import { HandlerTurns } from '../../../../src/gateway/channel/handler-turns.ts';
import { FakeClock } from '../fake-clock.ts';
import { turns as pass } from '../fake-socket.ts';

describe('gateway: HandlerTurns', () => {
  let clock: FakeClock;
  let turns: HandlerTurns;
  let called: string[];

  beforeEach(() => {
    clock = new FakeClock();
    turns = new HandlerTurns(clock);
    called = [];
  });

  /** Goes on with something that takes `ms`. */
  function share(name: string, ms = 0): void {
    turns.share(() => {
      called.push(name);
      clock.advance(ms);
    });
  }

  it('goes on at once while there is time in the turn', () => {
    for (const name of ['a', 'b', 'c']) share(name, 1);
    expect(turns.isOver).to.equal(false);
    expect(called).to.deep.equal(['a', 'b', 'c']);
  });

  it('goes on in later turns, in order, when the time is over', async () => {
    share('a', 20);
    expect(turns.isOver).to.equal(true);
    for (const name of ['b', 'c', 'd']) share(name, 20);
    expect(called).to.deep.equal(['a']);
    await pass(1);
    // Who comes now is behind those who wait.
    share('e', 20);
    expect(called.length).to.be.below(4);
    await pass(8);
    expect(called).to.deep.equal(['a', 'b', 'c', 'd', 'e']);
    expect(turns.isOver).to.equal(false);
  });

  it('counts what a handler does behind a promise, and lets others be first', async () => {
    let left = 30;
    async function handler(): Promise<void> {
      while (left-- > 0) {
        if (turns.isOver) await turns.wait();
        await Promise.resolve();
        clock.advance(4);
        called.push('long');
      }
    }
    const end = handler();
    await pass(3);
    share('other');
    await pass(2);
    expect(called).to.include('other');
    expect(called.indexOf('other')).to.be.below(29);
    await end;
    await pass();
    expect(called.filter((name) => name === 'long').length).to.equal(30);
  });

  it('forgets those who have gone on', async () => {
    share('first', 20);
    let count = 0;
    for (let i = 0; i < 5000; i++) {
      turns.share(() => {
        count++;
      });
    }
    await pass();
    expect(count).to.equal(5000);
    expect(turns.isOver).to.equal(false);
  });
});
