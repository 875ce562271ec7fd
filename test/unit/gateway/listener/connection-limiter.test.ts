import { expect } from 'chai';
import {
  ConnectionLimiter,
  NO_CONNECTION_LIMITS,
} from '../../../../src/gateway/listener/connection-limiter.ts';
import { FakeClock } from '../fake-clock.ts';

describe('gateway: ConnectionLimiter', () => {
  it('limits nothing when told nothing', () => {
    const limiter = new ConnectionLimiter(new FakeClock(), NO_CONNECTION_LIMITS);
    expect(limiter.countsAddresses).to.equal(false);
    for (let i = 0; i < 10_000; i++) expect(limiter.takeRate()).to.equal(true);
  });

  it('lets a second of connections in at once and then as they are earned', () => {
    const clock = new FakeClock();
    const limiter = new ConnectionLimiter(clock, { maxConnectionsPerIp: 0, maxConnectionRate: 10 });
    const taken = (): number => {
      let count = 0;
      while (limiter.takeRate()) count++;
      return count;
    };
    expect(taken()).to.equal(10);
    clock.advance(99);
    expect(taken()).to.equal(0);
    clock.advance(1);
    expect(taken()).to.equal(1);
    clock.advance(550);
    expect(taken()).to.equal(5);
    clock.advance(3_600_000);
    expect(taken()).to.equal(10);
  });

  it('earns part of a connection when asked all the time', () => {
    const clock = new FakeClock();
    const limiter = new ConnectionLimiter(clock, { maxConnectionsPerIp: 0, maxConnectionRate: 3 });
    let count = 0;
    for (let i = 0; i < 10_000; i++) {
      clock.advance(1);
      if (limiter.takeRate()) count++;
    }
    expect(count).to.be.within(32, 33);
  });

  it('counts each address by itself and gives room back', () => {
    const limits = { maxConnectionsPerIp: 2, maxConnectionRate: 0 };
    const limiter = new ConnectionLimiter(new FakeClock(), limits);
    expect(limiter.enter('10.0.0.1')).to.equal(true);
    expect(limiter.enter('10.0.0.1')).to.equal(true);
    expect(limiter.enter('10.0.0.1')).to.equal(false);
    expect(limiter.enter('10.0.0.2')).to.equal(true);
    limiter.leave('10.0.0.1');
    expect(limiter.enter('10.0.0.1')).to.equal(true);
    expect(limiter.enter('10.0.0.1')).to.equal(false);
  });

  it('takes an IPv4 address as the same in IPv6 form', () => {
    const limits = { maxConnectionsPerIp: 1, maxConnectionRate: 0 };
    const limiter = new ConnectionLimiter(new FakeClock(), limits);
    expect(limiter.enter('::ffff:10.0.0.1')).to.equal(true);
    expect(limiter.enter('10.0.0.1')).to.equal(false);
    limiter.leave('10.0.0.1');
    expect(limiter.enter('::ffff:10.0.0.1')).to.equal(true);
  });
});
