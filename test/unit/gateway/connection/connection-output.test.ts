import { expect } from 'chai';
import { turns } from '../fake-socket.ts';
import { packet, make, write } from './line-connection.ts';

describe('gateway: Connection, output', () => {
  it('writes what one turn has added at once, at its end', async () => {
    const { socket, stats, connection } = make();
    write(connection, Buffer.from('one'));
    write(connection, Buffer.from('two'));
    expect(socket.writes).to.equal(0);
    await turns();
    expect(socket.takeSent().toString()).to.equal('onetwo');
    expect(socket.writes).to.equal(1);
    expect(stats.bytesSent).to.equal(6);
  });

  it('writes nothing when there is nothing', async () => {
    const { socket, connection } = make();
    connection.wantFlush();
    await turns();
    expect(socket.writes).to.equal(0);
  });

  it('sends more than a slab in order', async () => {
    const { socket, connection } = make();
    const bytes = Buffer.from(Array.from({ length: 200_000 }, (_, i) => i % 251));
    write(connection, bytes);
    await turns();
    expect(socket.takeSent().equals(bytes)).to.equal(true);
  });

  it('does not give slabs back before the socket has sent them', async () => {
    const { socket, connection } = make();
    const other = make();
    socket.stall();
    write(connection, Buffer.alloc(3000, 1));
    await turns();
    write(other.connection, Buffer.alloc(3000, 2));
    await turns();
    socket.unstall();
    await turns();
    expect(socket.takeSent().equals(Buffer.alloc(3000, 1))).to.equal(true);
  });

  it('is congested over the high-water mark, stops reading, and goes on when drained', async () => {
    const { socket, owner, connection } = make();
    socket.stall();
    write(connection, Buffer.alloc(70_000));
    await turns();
    expect(connection.congested).to.equal(true);
    socket.feed(packet('late'));
    await turns();
    expect(owner.packets).to.deep.equal([]);
    expect(owner.drains).to.equal(0);
    socket.unstall();
    await turns();
    expect(connection.congested).to.equal(false);
    expect(owner.drains).to.equal(1);
    expect(owner.packets).to.deep.equal(['late']);
  });

  it('counts a congestion once, however much is written', async () => {
    const { socket, owner, connection } = make();
    socket.stall();
    for (let i = 0; i < 3; i++) {
      write(connection, Buffer.alloc(70_000));
      await turns();
    }
    socket.unstall();
    await turns();
    socket.feed(packet('late'));
    await turns();
    expect(owner.packets).to.deep.equal(['late']);
  });

  it('is not congested below what the socket itself takes before it tells that it has drained', async () => {
    const { socket, connection } = make(1);
    socket.stall();
    write(connection, Buffer.alloc(100));
    await turns();
    expect(connection.congested).to.equal(false);
  });
});
