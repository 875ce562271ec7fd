import { expect } from 'chai';
import { GatewayStats } from '../../../../src/gateway/gateway-stats.ts';
import { CountingObserver } from '../../../../src/gateway/session/session-observer.ts';

describe('gateway: CountingObserver', () => {
  it('counts, and tells the next one if there is one', () => {
    const stats = new GatewayStats();
    const observer = new CountingObserver(stats);
    observer.expired('a');
    const told: string[] = [];
    observer.next = {
      takenOver: (clientId) => told.push(`taken over: ${clientId}`),
      discarded: (clientId) => told.push(`discarded: ${clientId}`),
      expired: (clientId) => told.push(`expired: ${clientId}`),
    };
    observer.takenOver('b');
    observer.discarded('c');
    observer.expired('d');
    expect(told).to.deep.equal(['taken over: b', 'discarded: c', 'expired: d']);
    expect([stats.takeovers, stats.sessionsExpired]).to.deep.equal([1, 2]);
  });
});
