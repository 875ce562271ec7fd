import { expect } from 'chai';
import sinon from 'sinon';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { LARGE_SLAB, slabPool } from '../../../../src/gateway/codec/slab-pool.ts';
import { WebSocketStream } from '../../../../src/gateway/listener/web-socket-stream.ts';
import { eventually } from '../../../helpers/eventually.ts';
import { frame } from '../../../helpers/packets.ts';
import { FakeClock } from '../fake-clock.ts';

const NONE = Buffer.alloc(0);

/** A stream as a gateway has it after the handshake, and the client's end of its socket. */
class StreamWorld {
  readonly clock = new FakeClock();
  readonly events: string[] = [];
  readonly client: Socket;
  readonly socket: Socket;
  readonly stream: WebSocketStream;
  received: Buffer = NONE;
  sent: Buffer = NONE;

  constructor(client: Socket, socket: Socket) {
    this.client = client.on('error', () => undefined);
    this.socket = socket;
    client.on('data', (chunk: Buffer) => (this.sent = Buffer.concat([this.sent, chunk])));
    this.stream = new WebSocketStream(socket, {
      maxMessageBytes: 1000,
      clock: this.clock,
      onError: (reason) => this.events.push(reason),
    });
    this.stream.on('data', (chunk: Buffer) => {
      this.received = Buffer.concat([this.received, chunk]);
    });
    for (const name of ['end', 'close', 'drain']) {
      this.stream.on(name, () => this.events.push(name));
    }
  }

  async sentHex(wanted: string): Promise<void> {
    await eventually(wanted, () => this.sent.length >= wanted.length / 2);
    expect(this.sent.toString('hex')).to.equal(wanted);
  }
}

describe('gateway: WebSocketStream', () => {
  let server: Server;
  const sockets: Socket[] = [];

  beforeEach(async () => {
    server = createServer({ allowHalfOpen: true, pauseOnConnect: true }).listen(0, '127.0.0.1');
    await once(server, 'listening');
  });

  afterEach(() => {
    for (const socket of sockets.splice(0)) socket.destroy();
    server.close();
  });

  async function open(head: Buffer = NONE): Promise<StreamWorld> {
    const { port } = server.address() as AddressInfo;
    const client = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    const [socket] = (await once(server, 'connection')) as [Socket];
    sockets.push(client, socket);
    // As the HTTP server leaves it.
    Object.assign(socket, { readableFlowing: null });
    const world = new StreamWorld(client, socket);
    world.stream.begin(head);
    return world;
  }

  it('reads past the stream of the socket, into the buffer that all share', async () => {
    const world = await open();
    expect(world.socket.listenerCount('data')).to.equal(0);
    world.client.write(Buffer.from('828200000000' + '6162' + '828100000000' + '63', 'hex'));
    await eventually('abc', () => world.received.toString() === 'abc');
  });

  it('reads what came behind the handshake first', async () => {
    const world = await open(Buffer.from('82810000', 'hex'));
    world.client.write(Buffer.from('000061', 'hex'));
    await eventually('a', () => world.received.toString() === 'a');
  });

  it('sends what is corked as one write, a message for each packet', async () => {
    const { stream, socket, ...world } = await open();
    let written = 0;
    const before = socket.bytesWritten;
    stream.cork();
    for (const packet of ['d000', '40020001'])
      stream.write(Buffer.from(packet, 'hex'), () => written++);
    expect([written, socket.bytesWritten - before]).to.deep.equal([2, 0]);
    stream.uncork();
    expect(socket.bytesWritten - before).to.equal(10);
    expect(world.events).to.deep.equal([]);
  });

  it('answers all pings that come together in one write', async () => {
    const world = await open();
    const { _handle: handle } = world.socket as unknown as { _handle: { writeBuffer(): number } };
    const writes = sinon.spy(handle, 'writeBuffer');
    const pings = 2000;
    world.client.write(Buffer.alloc(pings * 6, Buffer.from('898000000000', 'hex')));
    await eventually('all pongs', () => world.sent.length === pings * 2);
    expect(world.sent.equals(Buffer.alloc(pings * 2, Buffer.from('8a00', 'hex')))).to.equal(true);
    // One, unless they came in several pieces.
    expect(writes.callCount).to.be.below(10);
  });

  it('reads many control frames in several turns, and what is behind them', async () => {
    const world = await open();
    const pauses = sinon.spy(world.socket, 'pause');
    const pings = 50_000;
    world.client.write(Buffer.alloc(pings * 6, Buffer.from('898000000000', 'hex')));
    world.client.write(Buffer.from('828100000000' + '63', 'hex'));
    await eventually('c', () => world.received.toString() === 'c');
    expect(pauses.callCount).to.be.above(2);
    await eventually('all pongs', () => world.sent.length === pings * 2);
    // Whoever has it paused is not woken.
    world.client.write(Buffer.alloc(pings * 6, Buffer.from('898000000000', 'hex')));
    await eventually('a pong', () => world.sent.length > pings * 2);
    world.stream.pause();
    for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve));
    world.client.write(Buffer.from('828100000000' + '64', 'hex'));
    for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
    expect([world.received.toString(), world.socket.isPaused()]).to.deep.equal(['c', true]);
    world.stream.resume();
    await eventually('d', () => world.received.toString() === 'cd');
  });

  it('tells when output that had to wait has gone', async () => {
    const world = await open();
    const { stream, client } = world;
    client.pause();
    const packet = frame(0x30, Buffer.alloc(LARGE_SLAB, 'p'));
    let sent = 0;
    while (!stream.writableNeedDrain) {
      stream.write(packet, () => undefined);
      sent += packet.length + 10;
    }
    expect(stream.writableLength).to.be.above(0);
    // Whoever gets a slab now writes to it.
    const spoiled = Array.from({ length: 50 }, () => slabPool.take(LARGE_SLAB).fill(0));
    client.resume();
    await eventually('drain', () => world.events.includes('drain'));
    await eventually('all', () => world.sent.length === sent);
    expect(world.sent.subarray(-LARGE_SLAB).every((byte) => byte === 0x70)).to.equal(true);
    for (const slab of spoiled) slabPool.give(slab);
  });

  it('answers a ping between the frames of a message at once', async () => {
    const world = await open();
    world.client.write(Buffer.from('028100000000' + '61' + '898200000000' + '7879', 'hex'));
    await world.sentHex('8a027879');
    expect(world.received.toString()).to.equal('a');
  });

  it('answers a close frame with its code, and is over when the socket is', async () => {
    const world = await open();
    world.client.write(Buffer.from('888200000000' + '0fa1', 'hex'));
    await world.sentHex('88020fa1');
    world.client.end();
    await eventually('close', () => world.events.includes('close'));
    expect(world.events).to.deep.equal(['end', 'close']);
  });

  it('closes with the code of what the peer did wrong, tells it once and reads no more', async () => {
    const world = await open();
    world.client.write(Buffer.from('828100000000' + '61' + '810000', 'hex'));
    await world.sentHex('880203ea');
    world.client.write(Buffer.from('828100000000' + '62', 'hex'));
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(world.events).to.deep.equal(['a frame is not masked', 'close']);
    expect(world.received.toString()).to.equal('a');
  });

  it('gives a peer that does not close after the close frame five seconds', async () => {
    const world = await open();
    world.stream.end();
    world.stream.end();
    await world.sentHex('880203e8');
    world.stream.write(Buffer.from('d000', 'hex'), () => undefined);
    world.clock.advance(4999);
    expect(world.socket.destroyed).to.equal(false);
    world.clock.advance(1);
    expect(world.socket.destroyed).to.equal(true);
    await eventually('close', () => world.events.includes('close'));
    expect(world.sent.length).to.equal(4);
    expect(world.clock.pendingTimers).to.equal(0);
  });

  it('ends with a peer that goes without a close frame', async () => {
    const world = await open();
    world.client.write(Buffer.from('828100000000' + '61', 'hex'));
    world.client.end();
    await eventually('close', () => world.events.includes('close'));
    expect(world.received.toString()).to.equal('a');
  });
});
