import { expect } from 'chai';
import { GatewayStats } from '../../../../src/gateway/gateway-stats.ts';
import { InflightWindow } from '../../../../src/gateway/session/inflight-window.ts';
import { Session, type SessionCursor } from '../../../../src/gateway/session/session.ts';
import { SessionTable } from '../../../../src/gateway/session/session-table.ts';

function sessionOf(clientId: string): Session {
  return new Session(clientId, false, 0, new InflightWindow<SessionCursor>(1), 0);
}

describe('gateway: SessionTable', () => {
  it('has one session per client, and counts them', () => {
    const stats = new GatewayStats();
    const table = new SessionTable(stats);
    const [a, b, again] = [sessionOf('a'), sessionOf('b'), sessionOf('a')];
    table.add(a);
    table.add(b);
    expect([table.size, stats.sessionsCurrent, stats.sessionsMaximum]).to.deep.equal([2, 2, 2]);
    expect(table.get('a')).to.equal(a);
    expect(table.has(again)).to.equal(false);
    table.add(again);
    expect([table.has(a), table.has(again)]).to.deep.equal([false, true]);
    table.remove('b');
    table.remove('nobody');
    expect([...table.clientIds()]).to.deep.equal(['a']);
    expect([table.size, stats.sessionsCurrent, stats.sessionsMaximum]).to.deep.equal([1, 1, 2]);
  });
});
