import { expect } from 'chai';
import { READ_MS, ReadTurns } from '../../../../src/gateway/connection/read-turns.ts';
import { GatewayStats } from '../../../../src/gateway/gateway-stats.ts';
import { FakeClock } from '../fake-clock.ts';
import { turns } from '../fake-socket.ts';

/** A connection, as far as reading goes. */
class Reader {
  pauses = 0;
  readonly name: string;
  readonly #resumed: string[];

  constructor(name: string, resumed: string[]) {
    this.name = name;
    this.#resumed = resumed;
  }

  pause(): void {
    this.pauses++;
  }

  resume(): void {
    this.pauses--;
    this.#resumed.push(this.name);
  }
}

function make() {
  const clock = new FakeClock();
  const stats = new GatewayStats();
  const readTurns = new ReadTurns(clock, stats);
  const resumed: string[] = [];
  const connections = ['a', 'b', 'c', 'd'].map((name) => new Reader(name, resumed));
  const [a, b, c, d] = connections as [Reader, Reader, Reader, Reader];
  /** Large reads, each of which takes `ms`. */
  const read = (ms: number, ...which: Reader[]): void => {
    for (const connection of which) {
      clock.advance(ms);
      readTurns.took(connection);
    }
  };
  const waiting = (): string[] =>
    connections.filter(({ pauses }) => pauses > 0).map(({ name }) => name);
  return { clock, stats, readTurns, resumed, a, b, c, d, read, waiting };
}

describe('gateway: ReadTurns', () => {
  it('lets all be read while the turn has time', async () => {
    const { stats, a, b, c, d, read, waiting } = make();
    for (let i = 0; i < 3; i++) {
      read(READ_MS / 5, a, b, c, d);
      expect(waiting()).to.deep.equal([]);
      await turns(1);
    }
    expect(stats.readsDeferred).to.equal(0);
  });

  it('ends reading when the time is over, for those known to bring much', async () => {
    const { stats, a, b, c, d, read, waiting } = make();
    read(0, a, b, c, d);
    await turns(1);
    read(READ_MS, a, b);
    expect(waiting()).to.deep.equal(['a', 'b', 'c', 'd']);
    expect(stats.readsDeferred).to.equal(4);
  });

  it('reads those that were not read in the next turn, and the others after them', async () => {
    const { resumed, a, b, c, d, read, waiting } = make();
    read(0, a, b, c, d);
    await turns(1);
    read(READ_MS, a, b);
    await turns(1);
    expect(waiting()).to.deep.equal(['a', 'b']);
    read(1, c, d);
    await turns(1);
    expect(waiting()).to.deep.equal([]);
    expect(resumed).to.deep.equal(['c', 'd', 'a', 'b']);
  });

  it('reads every one before it reads one again, however long each takes', async () => {
    const { a, b, c, d, read, waiting } = make();
    const all = [a, b, c, d];
    read(0, ...all);
    await turns(1);
    const order: string[] = [];
    for (let i = 0; i < 12; i++) {
      // libuv comes to those that are not paused; two such reads are more than a turn has time for.
      for (const one of all) {
        if (one.pauses > 0) continue;
        order.push(one.name);
        read(READ_MS, one);
      }
      await turns(1);
    }
    expect(waiting().length).to.be.lessThan(4);
    for (let at = 0; at + 4 <= order.length; at += 4) {
      expect([...order.slice(at, at + 4)].sort()).to.deep.equal(['a', 'b', 'c', 'd']);
    }
    expect(order.length).to.be.greaterThan(11);
  });

  it('goes on by itself when those that were let in bring nothing', async () => {
    const { a, b, c, d, read, waiting } = make();
    read(0, a, b, c, d);
    await turns(1);
    read(READ_MS, a, b);
    await turns(2);
    expect(waiting()).to.deep.equal([]);
  });

  it('stops one that turns up when the time is over', () => {
    const { a, b, c, read, waiting } = make();
    read(READ_MS, a, b);
    expect(waiting()).to.deep.equal(['a', 'b']);
    read(0, c);
    expect(waiting()).to.deep.equal(['a', 'b', 'c']);
  });

  it('pauses each once, and resumes it as often', async () => {
    const { a, b, read } = make();
    read(READ_MS, a, b, b, a, b);
    expect([a.pauses, b.pauses]).to.deep.equal([1, 1]);
    await turns(2);
    expect([a.pauses, b.pauses]).to.deep.equal([0, 0]);
  });

  it('does not stop one that has ended', async () => {
    const { readTurns, a, b, c, read, waiting } = make();
    read(0, a, b, c);
    readTurns.forget(c);
    await turns(1);
    read(READ_MS, a, b);
    expect(waiting()).to.deep.equal(['a', 'b']);
  });

  it('lets the others go on when one ends while it waits', async () => {
    const { readTurns, a, b, c, read, waiting } = make();
    read(0, a, b, c);
    await turns(1);
    read(READ_MS, a, b);
    readTurns.forget(c);
    await turns(2);
    expect(waiting()).to.deep.equal([]);
  });

  it('forgets those that have brought little for long', async () => {
    const { a, b, c, read, waiting } = make();
    read(0, c);
    for (let i = 0; i < 300; i++) {
      read(0, a, b);
      await turns(1);
    }
    read(READ_MS, a, b);
    expect(waiting()).to.deep.equal(['a', 'b']);
  });
});
