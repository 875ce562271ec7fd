import { expect } from 'chai';
import { LingeringStreams } from '../../../../src/gateway/connection/lingering-streams.ts';
import { FakeClock } from '../fake-clock.ts';
import { FakeSocket, turns } from '../fake-socket.ts';

/** A peer that does not end its side. */
function stubborn(): FakeSocket {
  const socket = new FakeSocket();
  socket.endsBack = false;
  return socket;
}

describe('gateway: LingeringStreams', () => {
  it('destroys a stream a second after all was sent, whatever comes meanwhile', async () => {
    const clock = new FakeClock();
    const lingering = new LingeringStreams(clock);
    const socket = stubborn();
    lingering.add(socket.socket);
    await turns();
    for (let i = 0; i < 12; i++) {
      expect(socket.destroyed).to.equal(false);
      socket.feed(Buffer.alloc(1000));
      await turns();
      clock.advance(100);
    }
    clock.advance(100);
    expect(socket.destroyed).to.equal(true);
    expect([lingering.size, clock.pendingTimers]).to.deep.equal([0, 0]);
  });

  it('gives a slow peer five seconds to take what it is sent, and one second less then', async () => {
    const clock = new FakeClock();
    const lingering = new LingeringStreams(clock);
    const sockets = [stubborn(), stubborn()] as const;
    for (const socket of sockets) {
      socket.stall();
      socket.write(Buffer.alloc(100));
      lingering.add(socket.socket);
    }
    clock.advance(3000);
    sockets[0].unstall();
    await turns();
    clock.advance(1000);
    expect(sockets.map(({ destroyed }) => destroyed)).to.deep.equal([false, false]);
    clock.advance(250);
    expect(sockets.map(({ destroyed }) => destroyed)).to.deep.equal([true, false]);
    clock.advance(1000);
    expect(sockets.map(({ destroyed }) => destroyed)).to.deep.equal([true, true]);
  });

  it('has one timer for all, while there are any', () => {
    const clock = new FakeClock();
    const lingering = new LingeringStreams(clock);
    const sockets = Array.from({ length: 10 }, stubborn);
    for (const socket of sockets) lingering.add(socket.socket);
    expect([lingering.size, clock.pendingTimers]).to.deep.equal([10, 1]);
    for (const socket of sockets) lingering.remove(socket.socket);
    lingering.remove(sockets[0]!.socket);
    expect([lingering.size, clock.pendingTimers]).to.deep.equal([0, 0]);
  });

  it('keeps a bounded number: the oldest makes room', () => {
    const lingering = new LingeringStreams(new FakeClock(), 3);
    const sockets = Array.from({ length: 5 }, stubborn);
    for (const socket of sockets) lingering.add(socket.socket);
    expect(lingering.size).to.equal(3);
    const destroyed = sockets.map((socket) => socket.destroyed);
    expect(destroyed).to.deep.equal([true, true, false, false, false]);
    lingering.destroyAll();
    expect(lingering.size).to.equal(0);
    expect(sockets.every((socket) => socket.destroyed)).to.equal(true);
  });
});
