import { once } from 'node:events';
import { connect, createServer, Socket, type AddressInfo, type Server } from 'node:net';
import { Duplex } from 'node:stream';
import { expect } from 'chai';
import type { ByteStream } from '../../../../src/gateway/connection/byte-stream.ts';
import { inputView } from '../../../../src/gateway/codec/input-view.ts';
import { beginningOf, readShared } from '../../../../src/gateway/connection/shared-reads.ts';

const kRead = Symbol('read');

interface Reading extends ByteStream {
  [kRead]?: (chunk: Buffer) => void;
}

/** Hands a copy on and spoils the buffer, as the next read of any socket does. */
function sink(this: Reading, length: number, buffer: Buffer): boolean {
  const chunk = beginningOf(buffer, length);
  if (length > 0) expect(inputView.of(chunk)?.getUint8(length - 1)).to.equal(chunk[length - 1]);
  this[kRead]?.(Buffer.from(chunk));
  buffer.fill(0xee);
  return true;
}

describe('gateway: readShared', () => {
  let server: Server;
  const accepted: Socket[] = [];
  const clients: Socket[] = [];

  /** Both ends of a connection, the accepted one as the server gets it. */
  async function pair(): Promise<{ client: Socket; socket: Socket }> {
    const { port } = server.address() as AddressInfo;
    const client = connect(port, '127.0.0.1');
    clients.push(client);
    const [socket] = (await once(server, 'connection')) as [Socket];
    accepted.push(socket);
    return { client, socket };
  }

  /** Everything that is read from a socket, as it comes. */
  function collect(socket: Socket): { read: Buffer[]; bytes: (count: number) => Promise<Buffer> } {
    const read: Buffer[] = [];
    let wake = (): void => undefined;
    (socket as Reading)[kRead] = (chunk) => {
      read.push(chunk);
      wake();
    };
    const bytes = async (count: number): Promise<Buffer> => {
      while (Buffer.concat(read).length < count) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      return Buffer.concat(read);
    };
    return { read, bytes };
  }

  beforeEach(async () => {
    server = createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1');
    await once(server, 'listening');
  });

  afterEach(() => {
    for (const socket of [...accepted.splice(0), ...clients.splice(0)]) socket.destroy();
    server.close();
  });

  it('takes the sockets of a server: without that, this version of Node would read as before', async () => {
    const { socket } = await pair();
    expect(readShared(socket, sink)).to.equal(true);
  });

  it('brings every byte of several sockets to the right one, in order', async () => {
    const ends = [await pair(), await pair(), await pair()];
    const readers = ends.map(({ socket }) => {
      expect(readShared(socket, sink)).to.equal(true);
      return collect(socket);
    });
    const sent = ends.map((_end, index) => Buffer.alloc(300_000, index + 1));
    for (let at = 0; at < 300_000; at += 30_000) {
      for (const [index, { client }] of ends.entries()) {
        client.write((sent[index] as Buffer).subarray(at, at + 30_000));
      }
      await new Promise((resolve) => setImmediate(resolve));
    }
    for (const [index, reader] of readers.entries()) {
      expect((await reader.bytes(300_000)).equals(sent[index] as Buffer)).to.equal(true);
    }
  });

  it('reads nothing while the socket is paused, and all of it afterwards', async () => {
    const { client, socket } = await pair();
    readShared(socket, sink);
    const reader = collect(socket);
    client.write('one');
    await reader.bytes(3);
    socket.pause();
    client.write('two');
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(Buffer.concat(reader.read).toString()).to.equal('one');
    socket.resume();
    expect((await reader.bytes(6)).toString()).to.equal('onetwo');
  });

  it("tells of the peer's end, and of a reset, as ever", async () => {
    const ended = await pair();
    readShared(ended.socket, sink);
    const reader = collect(ended.socket);
    ended.client.end('last');
    await once(ended.socket, 'end');
    expect(Buffer.concat(reader.read).toString()).to.equal('last');

    const reset = await pair();
    readShared(reset.socket, sink);
    reset.socket.on('error', () => undefined);
    const closed = new Promise((resolve) => reset.socket.once('close', resolve));
    reset.client.resetAndDestroy();
    await closed;
  });

  it('leaves alone what is not a socket of its own, or has been read from', async () => {
    const stream = new Duplex({ read: () => undefined, write: () => undefined });
    expect(readShared(stream, sink)).to.equal(false);
    expect(readShared(new Socket(), sink)).to.equal(false);

    class Derived extends Socket {}
    expect(readShared(new Derived(), sink)).to.equal(false);

    const { socket } = await pair();
    socket.on('data', () => undefined);
    expect(readShared(socket, sink)).to.equal(false);
  });
});
