import { expect } from 'chai';
import { turns } from '../fake-socket.ts';
import { packet, make, write } from './line-connection.ts';

describe('gateway: Connection, close', () => {
  it('tells its owner once, whoever closes', async () => {
    for (const close of ['end', 'destroy', 'peer', 'reset'] as const) {
      const { socket, owner, connection } = make();
      if (close === 'end') connection.end();
      else if (close === 'destroy') connection.destroy();
      else if (close === 'peer') socket.peerEnds();
      else socket.destroy(new Error('read ECONNRESET'));
      await turns();
      connection.end();
      connection.destroy();
      await turns();
      expect(owner.closes, close).to.equal(1);
      expect(connection.closed, close).to.equal(true);
      expect(socket.destroyed, close).to.equal(true);
    }
  });

  it('sends what waits before it ends', async () => {
    const { socket, connection } = make();
    write(connection, Buffer.from('last words'));
    connection.end();
    await turns();
    expect(socket.takeSent().toString()).to.equal('last words');
    expect(socket.destroyed).to.equal(true);
  });

  it('neither reads nor writes after it has been closed', async () => {
    const { socket, owner, connection } = make();
    connection.end();
    write(connection, Buffer.from('too late'));
    await turns();
    expect(socket.takeSent()).to.have.length(0);
    expect(connection.out.byteLength).to.equal(0);
    expect(owner.packets).to.deep.equal([]);
    connection.resume();
    expect(owner.drains).to.equal(0);
  });

  it('takes no more packets once the owner has closed in the middle of a chunk', async () => {
    const { socket, owner, connection } = make();
    owner.onPacket = (text) => {
      if (text === 'bye') connection.end();
    };
    owner.pausedAfter = 'bye';
    socket.feed(packet('bye'), packet('more'));
    await turns();
    socket.feed(packet('again'));
    await turns();
    expect(owner.packets).to.deep.equal(['bye']);
  });

  it('reads on when it has ended, so that the peer is not reset, and throws away what comes', async () => {
    const { socket, owner, stats, connection, lingering } = make();
    socket.endsBack = false;
    connection.pause();
    write(connection, Buffer.from('last words'));
    connection.end();
    connection.pause();
    socket.feed(packet('still here'));
    await turns();
    socket.feed(packet('and here'));
    await turns();
    expect(socket.takeSent().toString()).to.equal('last words');
    expect(socket.writableFinished).to.equal(true);
    expect(socket.readableLength).to.equal(0);
    expect(owner.packets).to.deep.equal([]);
    expect(stats.bytesReceived).to.equal(0);
    expect([socket.destroyed, lingering.size]).to.deep.equal([false, 1]);
    socket.peerEnds();
    await turns();
    expect([socket.destroyed, lingering.size]).to.deep.equal([true, 0]);
  });

  it('sends the rest to a peer that has ended its own side', async () => {
    const { socket, connection } = make();
    socket.stall();
    write(connection, Buffer.from('last words'));
    connection.end();
    socket.peerEnds();
    await turns();
    socket.unstall();
    await turns();
    expect(socket.takeSent().toString()).to.equal('last words');
    expect(socket.destroyed).to.equal(true);
  });

  it('gives a peer that does not read a limited time', async () => {
    const { socket, connection, clock } = make();
    socket.stall();
    write(connection, Buffer.alloc(100));
    connection.end();
    await turns();
    clock.advance(4900);
    expect(socket.destroyed).to.equal(false);
    clock.advance(100);
    expect(socket.destroyed).to.equal(true);
  });

  it('handles the packets that wait when the peer ends behind them', async () => {
    const { socket, owner, connection } = make();
    owner.pausedAfter = 'connect';
    owner.onPacket = (text) => {
      if (text === 'connect') connection.pause();
    };
    socket.feed(packet('connect'), packet('publish'), packet('disconnect'));
    await turns();
    socket.peerEnds();
    await turns();
    expect(owner.packets).to.deep.equal(['connect']);
    connection.resume();
    await turns();
    expect(owner.packets).to.deep.equal(['connect', 'publish', 'disconnect']);
    expect(owner.closes).to.equal(1);
    expect(socket.destroyed).to.equal(true);
  });
});
