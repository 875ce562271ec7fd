import { once } from 'node:events';
import { connect, createServer, Socket, type AddressInfo, type Server } from 'node:net';
import { Duplex } from 'node:stream';
import { expect } from 'chai';
import { OutBuffer } from '../../../../src/gateway/codec/out-buffer.ts';
import { slabPool } from '../../../../src/gateway/codec/slab-pool.ts';
import {
  canWriteDirect,
  unsentBytes,
  writeDirect,
} from '../../../../src/gateway/connection/direct-writes.ts';

/** More than the buffers of both ends of a connection hold. */
const MUCH = 16 * 1024 * 1024;

class Writer {
  drains = 0;
  destroys = 0;
  onDrained: () => void = () => undefined;

  drained(): void {
    this.drains++;
    this.onDrained();
  }

  destroy(): void {
    this.destroys++;
  }
}

function outOf(bytes: Buffer): OutBuffer {
  const out = new OutBuffer();
  out.append(bytes, 0, bytes.length);
  return out;
}

/** Bytes in which no part looks like another one. */
function pattern(length: number): Buffer {
  const bytes = Buffer.allocUnsafe(length);
  for (let at = 0; at + 4 <= length; at += 4) bytes.writeUInt32BE(at, at);
  return bytes;
}

describe('gateway: writeDirect', () => {
  let server: Server;
  const accepted: Socket[] = [];
  const clients: Socket[] = [];

  /** Both ends of a connection, the accepted one as the server gets it; nobody reads yet. */
  async function pair(): Promise<{ client: Socket; socket: Socket }> {
    const { port } = server.address() as AddressInfo;
    const client = connect(port, '127.0.0.1').on('error', () => undefined);
    clients.push(client);
    const [socket] = (await once(server, 'connection')) as [Socket];
    accepted.push(socket);
    socket.on('error', () => undefined);
    return { client, socket };
  }

  async function receive(client: Socket, count: number): Promise<Buffer> {
    const chunks: Buffer[] = [];
    let length = 0;
    for await (const chunk of client as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      length += chunk.length;
      if (length >= count) break;
    }
    return Buffer.concat(chunks);
  }

  beforeEach(async () => {
    server = createServer({ allowHalfOpen: true, pauseOnConnect: true }).listen(0, '127.0.0.1');
    await once(server, 'listening');
  });

  afterEach(() => {
    for (const socket of [...accepted.splice(0), ...clients.splice(0)]) socket.destroy();
    server.close();
  });

  it('takes the sockets of a server: without that, this version of Node would write as before', async () => {
    const { socket } = await pair();
    expect(canWriteDirect(socket)).to.equal(true);
  });

  it('leaves alone what is not a socket of its own', () => {
    const stream = new Duplex({ read: () => undefined, write: () => undefined });
    expect(canWriteDirect(stream)).to.equal(false);
    expect(canWriteDirect(new Socket())).to.equal(false);
    class Derived extends Socket {}
    expect(canWriteDirect(new Derived())).to.equal(false);
    expect(unsentBytes(stream)).to.equal(0);
  });

  it('sends one slab and several in order', async () => {
    const { client, socket } = await pair();
    const writer = new Writer();
    const small = Buffer.from('one slab');
    const large = pattern(200_000);
    expect(writeDirect(socket, outOf(small), writer)).to.equal(true);
    writeDirect(socket, outOf(large), writer);
    writeDirect(socket, outOf(small), writer);
    const all = Buffer.concat([small, large, small]);
    expect((await receive(client, all.length)).equals(all)).to.equal(true);
    expect(writer.destroys).to.equal(0);
  });

  it('keeps what the system does not take, in order, and tells when it has gone', async () => {
    const { client, socket } = await pair();
    const writer = new Writer();
    const bytes = pattern(MUCH);
    expect(writeDirect(socket, outOf(bytes), writer)).to.equal(false);
    const last = Buffer.from('behind it');
    expect(writeDirect(socket, outOf(last), writer)).to.equal(false);
    const waiting = unsentBytes(socket);
    expect(waiting).to.be.within(1, MUCH + last.length);
    const drained = new Promise<void>((resolve) => {
      writer.onDrained = resolve;
    });
    const received = await receive(client, MUCH + last.length);
    await drained;
    expect(received.equals(Buffer.concat([bytes, last]))).to.equal(true);
    expect([writer.destroys, unsentBytes(socket)]).to.deep.equal([0, 0]);
  });

  it('does not give slabs back before the system has taken them', async () => {
    const { client, socket } = await pair();
    const bytes = pattern(MUCH);
    writeDirect(socket, outOf(bytes), new Writer());
    // Whoever gets a slab now writes to it.
    const spoiled = Array.from({ length: 300 }, () => slabPool.take(64 * 1024).fill(0xee));
    expect((await receive(client, MUCH)).equals(bytes)).to.equal(true);
    for (const slab of spoiled) slabPool.give(slab);
  });

  it('sends what waits before the end of the output', async () => {
    const { client, socket } = await pair();
    const bytes = pattern(MUCH);
    writeDirect(socket, outOf(bytes), new Writer());
    socket.end();
    expect((await receive(client, Infinity)).equals(bytes)).to.equal(true);
  });

  it('tells that the peer has gone while output waits', async () => {
    const { client, socket } = await pair();
    const writer = new Writer();
    writeDirect(socket, outOf(pattern(MUCH)), writer);
    client.resetAndDestroy();
    while (writer.destroys === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    expect([writer.drains, writer.destroys]).to.deep.equal([0, 1]);
  });

  it('destroys the socket of a peer that had gone before, and tells nobody within the call', async () => {
    const { client, socket } = await pair();
    const writer = new Writer();
    client.resetAndDestroy();
    await new Promise((resolve) => setTimeout(resolve, 50));
    let isClosed = false;
    socket.on('close', () => {
      isClosed = true;
    });
    expect(writeDirect(socket, outOf(Buffer.from('late')), writer)).to.equal(true);
    // Whoever delivers is in the middle of its session's cursors.
    expect([writer.drains, writer.destroys, isClosed]).to.deep.equal([0, 0, false]);
    expect(socket.destroyed).to.equal(true);
    await once(socket, 'close');
    // The next one of another socket is not troubled by that.
    const other = await pair();
    expect(writeDirect(other.socket, outOf(Buffer.from('well')), writer)).to.equal(true);
    expect((await receive(other.client, 4)).toString()).to.equal('well');
  });

  it('throws away what is for a destroyed socket', async () => {
    const { socket } = await pair();
    const writer = new Writer();
    socket.destroy();
    const out = outOf(Buffer.from('too late'));
    expect(writeDirect(socket, out, writer)).to.equal(true);
    expect([out.byteLength, writer.destroys]).to.deep.equal([0, 0]);
  });

  it('gives up what waits when the socket is destroyed', async () => {
    const { socket } = await pair();
    const writer = new Writer();
    writeDirect(socket, outOf(pattern(MUCH)), writer);
    socket.destroy();
    while (writer.destroys === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(writer.drains).to.equal(0);
  });
});
