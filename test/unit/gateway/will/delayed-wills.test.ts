import { expect } from 'chai';
import { TimerWheel } from '../../../../src/common/timer-wheel.ts';
import { GatewayStats } from '../../../../src/gateway/gateway-stats.ts';
import { DelayedWills } from '../../../../src/gateway/will/delayed-wills.ts';
import { FakeClock } from '../fake-clock.ts';
import { turns } from '../fake-socket.ts';

describe('gateway: wills that wait for their delay', () => {
  let clock: FakeClock;
  let stats: GatewayStats;
  let wills: DelayedWills;
  let due: string[];

  beforeEach(() => {
    clock = new FakeClock();
    stats = new GatewayStats();
    due = [];
    const wheel = new TimerWheel(clock);
    wills = new DelayedWills({ wheel, stats, clock, onDue: (clientId) => due.push(clientId) });
  });

  it('are told when the delay is over, not before, and are none of them then [MQTT5-3.1.3-9]', async () => {
    wills.add('c', clock.now() + 5_000);
    expect(stats.willsDelayed).to.equal(1);
    clock.advance(4_000);
    await turns(2);
    expect(due).to.deep.equal([]);
    clock.advance(3_000);
    await turns(2);
    expect(due).to.deep.equal(['c']);
    expect([wills.has('c'), stats.willsDelayed]).to.deep.equal([false, 0]);
  });

  it('are not told when they were taken away, or all were', async () => {
    wills.add('c', clock.now() + 2_000);
    wills.add('d', clock.now() + 2_000);
    expect([wills.delete('c'), wills.delete('c'), wills.has('d')]).to.deep.equal([
      true,
      false,
      true,
    ]);
    wills.stop();
    clock.advance(10_000);
    await turns(2);
    expect(due).to.deep.equal([]);
  });
});
