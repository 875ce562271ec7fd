import { expect } from 'chai';
import { PendingSockets } from '../../../../src/gateway/listener/pending-sockets.ts';
import { FakeClock } from '../fake-clock.ts';
import { FakeSocket, turns } from '../fake-socket.ts';

describe('gateway: PendingSockets', () => {
  function make() {
    const clock = new FakeClock();
    const late: unknown[] = [];
    const pending = new PendingSockets(clock, 1000, (socket) => late.push(socket));
    const add = (): FakeSocket => {
      const fake = new FakeSocket();
      pending.add(fake.socket);
      return fake;
    };
    return { clock, late, pending, add };
  }

  it('destroys a socket that is not removed in time', () => {
    const { clock, late, pending, add } = make();
    const socket = add();
    clock.advance(999);
    expect(socket.destroyed).to.equal(false);
    clock.advance(1);
    expect(socket.destroyed).to.equal(true);
    expect(late).to.deep.equal([socket]);
    expect(pending.size).to.equal(0);
  });

  it('lets a socket go that is removed', () => {
    const { clock, late, pending, add } = make();
    const socket = add();
    pending.remove(socket.socket);
    clock.advance(10_000);
    expect(socket.destroyed).to.equal(false);
    expect(late).to.have.lengthOf(0);
    expect(clock.pendingTimers).to.equal(0);
  });

  it('forgets a socket that closes, for an error too', async () => {
    const { clock, pending, add } = make();
    add().destroy(new Error('reset'));
    await turns();
    expect(pending.size).to.equal(0);
    expect(clock.pendingTimers).to.equal(0);
  });

  it('destroys all', () => {
    const { clock, pending, add } = make();
    const sockets = [add(), add()];
    pending.destroyAll();
    expect(sockets.every(({ destroyed }) => destroyed)).to.equal(true);
    expect(pending.size + clock.pendingTimers).to.equal(0);
  });
});
