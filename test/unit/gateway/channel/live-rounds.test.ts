import { expect } from 'chai';
import { LiveRounds, type RoundLink } from '../../../../src/gateway/channel/live-rounds.ts';
import { OutBuffer } from '../../../../src/gateway/codec/out-buffer.ts';
import { FakeClock } from '../fake-clock.ts';

/** As many subscribers as make a message one to many, and what it may be late, ms. */
const MANY = 32;
const ROUND_MS = 2;

class Link implements RoundLink {
  readonly out = new OutBuffer();
  isInRound = false;
  flushes = 0;

  wantFlush(): void {
    this.flushes++;
  }
}

function make(): { clock: FakeClock; rounds: LiveRounds } {
  const clock = new FakeClock();
  return { clock, rounds: new LiveRounds(clock) };
}

describe('gateway: LiveRounds', () => {
  it('holds no message to few, and the first to many neither', () => {
    const { clock, rounds } = make();
    for (let i = 0; i < 3; i++) expect(rounds.holds(MANY - 1)).to.equal(false);
    expect(rounds.holds(MANY)).to.equal(false);
    expect(rounds.holds(MANY - 1)).to.equal(false);
    expect(clock.pendingTimers).to.equal(0);
  });

  it('holds what follows within 2 ms, and sends each connection once', () => {
    const { clock, rounds } = make();
    const links = [new Link(), new Link()];
    rounds.holds(MANY);
    clock.advance(1);
    for (let i = 0; i < 3; i++) {
      expect(rounds.holds(MANY)).to.equal(true);
      for (const link of links) rounds.add(link);
    }
    clock.advance(ROUND_MS - 1);
    expect(links.map((link) => link.flushes)).to.deep.equal([0, 0]);
    clock.advance(1);
    expect(links.map((link) => link.flushes)).to.deep.equal([1, 1]);
    expect(links.some((link) => link.isInRound)).to.equal(false);
    expect(clock.pendingTimers).to.equal(0);
  });

  it('begins a round by itself only when the one before was 2 ms ago', () => {
    const { clock, rounds } = make();
    rounds.holds(MANY);
    expect(rounds.holds(MANY)).to.equal(true);
    rounds.add(new Link());
    clock.advance(ROUND_MS);
    expect(rounds.holds(MANY)).to.equal(true);
    clock.advance(ROUND_MS);
    expect(rounds.holds(MANY)).to.equal(false);
  });

  it('takes a connection in the next round again', () => {
    const { clock, rounds } = make();
    const link = new Link();
    rounds.holds(MANY);
    for (let i = 1; i <= 3; i++) {
      rounds.add(link);
      clock.advance(ROUND_MS);
      expect(link.flushes).to.equal(i);
    }
  });

  it('lets no connection wait that has much to send', () => {
    const { clock, rounds } = make();
    const link = new Link();
    link.out.append(Buffer.alloc(17 * 1024), 0, 17 * 1024);
    rounds.holds(MANY);
    rounds.add(link);
    expect(link.flushes).to.equal(1);
    expect(clock.pendingTimers).to.equal(0);
  });
});
