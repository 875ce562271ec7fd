import { expect } from 'chai';
import { Connection, type ConnectionOwner } from '../../../../src/gateway/connection/connection.ts';
import { FlushQueue } from '../../../../src/gateway/connection/flush-queue.ts';
import { LingeringStreams } from '../../../../src/gateway/connection/lingering-streams.ts';
import { GatewayStats } from '../../../../src/gateway/gateway-stats.ts';
import { FakeClock } from '../fake-clock.ts';
import { FakeSocket, turns } from '../fake-socket.ts';

/** Takes packets of one length byte and so many bytes. */
class LineOwner implements ConnectionOwner {
  readonly packets: string[] = [];
  calls = 0;
  drains = 0;
  closes = 0;
  connection: Connection | undefined;
  onPacket: (text: string) => void = () => undefined;
  pausedAfter: string | undefined;
  /** Pauses after each. */
  isSlow = false;

  onBytes(chunk: Buffer): number {
    this.calls++;
    let at = 0;
    while (at < chunk.length) {
      const end = at + 1 + chunk[at]!;
      if (end > chunk.length) {
        this.connection?.need(end - at);
        break;
      }
      const text = chunk.toString('latin1', at + 1, end);
      this.packets.push(text);
      at = end;
      this.onPacket(text);
      if (this.isSlow) this.connection?.pause();
      if (this.isSlow || text === this.pausedAfter) break;
    }
    return at;
  }

  onDrain(): void {
    this.drains++;
  }

  onClose(): void {
    this.closes++;
  }
}

function packet(text: string): Buffer {
  return Buffer.concat([Buffer.from([text.length]), Buffer.from(text, 'latin1')]);
}

function make(highWater = 64 * 1024) {
  const socket = new FakeSocket();
  const stats = new GatewayStats();
  const clock = new FakeClock();
  const lingering = new LingeringStreams(clock);
  const connection = new Connection(socket.socket, new FlushQueue(), lingering, stats, highWater);
  const owner = new LineOwner();
  owner.connection = connection;
  connection.open(owner);
  return { socket, stats, connection, owner, clock, lingering };
}

function write(connection: Connection, bytes: Buffer): void {
  connection.out.append(bytes, 0, bytes.length);
  connection.wantFlush();
}

describe('gateway: Connection, input', () => {
  it('hands over chunks and counts their bytes', async () => {
    const { socket, stats, owner } = make();
    socket.feed(packet('one'), packet('two'));
    await turns();
    expect(owner.packets).to.deep.equal(['one', 'two']);
    expect(stats.bytesReceived).to.equal(8);
  });

  it('does not copy what waits time and again', function () {
    // Copying it each time would be 60 GB.
    this.timeout(4000);
    const { connection, owner } = make();
    const texts = Array.from({ length: 60_000 }, (_, i) => `${i} `.padEnd(32));
    owner.isSlow = true;
    connection.received(Buffer.concat(texts.map(packet)));
    while (owner.packets.length < texts.length) connection.resume();
    expect(owner.packets).to.deep.equal(texts);
    connection.received(packet('next'));
    connection.resume();
    expect(owner.packets.at(-1)).to.equal('next');
  });

  it('keeps the rest of a chunk until more comes', async () => {
    const { socket, owner } = make();
    const both = Buffer.concat([packet('first'), packet('second')]);
    for (const cut of [1, 5, 6, 7, 12]) {
      owner.packets.length = 0;
      socket.feed(both.subarray(0, cut));
      await turns();
      socket.feed(both.subarray(cut));
      await turns();
      expect(owner.packets, `cut at ${String(cut)}`).to.deep.equal(['first', 'second']);
    }
  });

  it('does not hold on to the chunk that the rest came in', async () => {
    const { socket, owner } = make();
    const chunk = Buffer.concat([packet('first'), packet('second').subarray(0, 3)]);
    socket.feed(chunk);
    await turns();
    chunk.fill(0);
    socket.feed(packet('second').subarray(3));
    await turns();
    expect(owner.packets).to.deep.equal(['first', 'second']);
  });

  it('asks for a packet that comes byte by byte only when it is complete', async () => {
    const { socket, owner } = make();
    const long = packet('x'.repeat(255));
    for (const byte of long) {
      socket.feed(Buffer.from([byte]));
      await turns(1);
    }
    expect(owner.packets).to.deep.equal(['x'.repeat(255)]);
    // The first byte tells the length, the last one completes it.
    expect(owner.calls).to.equal(2);
  });

  it('reads nothing while paused, and what waited first when it goes on', async () => {
    const { socket, owner, connection } = make();
    owner.pausedAfter = 'one';
    owner.onPacket = (text) => {
      if (text === 'one') connection.pause();
    };
    socket.feed(packet('one'), packet('two'));
    await turns();
    socket.feed(packet('three'));
    await turns();
    expect(owner.packets).to.deep.equal(['one']);
    connection.resume();
    await turns();
    expect(owner.packets).to.deep.equal(['one', 'two', 'three']);
  });

  it('reads again only when everyone who paused has resumed', async () => {
    const { socket, owner, connection } = make();
    connection.pause();
    connection.pause();
    socket.feed(packet('one'));
    connection.resume();
    await turns();
    expect(owner.packets).to.deep.equal([]);
    connection.resume();
    await turns();
    expect(owner.packets).to.deep.equal(['one']);
  });

  it('stays paused when a packet that waited pauses again', async () => {
    const { socket, owner, connection } = make();
    owner.onPacket = (text) => {
      owner.pausedAfter = text;
      connection.pause();
    };
    socket.feed(packet('one'), packet('two'), packet('three'));
    await turns();
    expect(owner.packets).to.deep.equal(['one']);
    connection.resume();
    await turns();
    expect(owner.packets).to.deep.equal(['one', 'two']);
    connection.resume();
    await turns();
    expect(owner.packets).to.deep.equal(['one', 'two', 'three']);
  });
});

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
