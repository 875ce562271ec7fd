import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { expect } from 'chai';
import { Connection, type ConnectionOwner } from '../../../../src/gateway/connection/connection.ts';
import { FlushQueue } from '../../../../src/gateway/connection/flush-queue.ts';
import { LingeringStreams } from '../../../../src/gateway/connection/lingering-streams.ts';
import { GatewayStats } from '../../../../src/gateway/gateway-stats.ts';
import { FakeClock } from '../fake-clock.ts';

/** More than the buffers of both ends of a connection hold. */
const MUCH = 16 * 1024 * 1024;

/** Output goes past the stream here (direct-writes.ts): what `connection.test.ts` says of a stream holds too. */
describe('gateway: Connection on a TCP socket', () => {
  let server: Server;
  let client: Socket;
  let socket: Socket;
  let connection: Connection;
  let drains = 0;
  let received = '';

  beforeEach(async () => {
    server = createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    client = connect((server.address() as AddressInfo).port, '127.0.0.1');
    client.on('error', () => undefined);
    [socket] = (await once(server, 'connection')) as [Socket];
    drains = 0;
    received = '';
    const owner: ConnectionOwner = {
      onBytes: (chunk) => {
        received += chunk.toString();
        return chunk.length;
      },
      onDrain: () => {
        drains++;
      },
      onClose: () => undefined,
    };
    const lingering = new LingeringStreams(new FakeClock());
    const stats = new GatewayStats();
    connection = new Connection(socket, new FlushQueue(), lingering, stats, 64 * 1024);
    connection.open(owner);
  });

  afterEach(() => {
    client.destroy();
    socket.destroy();
    server.close();
  });

  function write(bytes: Buffer): void {
    connection.out.append(bytes, 0, bytes.length);
    connection.flush();
  }

  async function until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise((resolve) => setTimeout(resolve, 2));
  }

  it('is not congested while the system takes what it sends', () => {
    write(Buffer.alloc(100_000));
    expect([connection.congested, connection.unsentBytes]).to.deep.equal([false, 0]);
  });

  it('is congested over the high-water mark, stops reading, and goes on when all is sent', async () => {
    write(Buffer.alloc(MUCH));
    expect(connection.congested).to.equal(true);
    expect(connection.unsentBytes).to.be.greaterThan(64 * 1024);
    client.write('late');
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect([received, drains]).to.deep.equal(['', 0]);
    client.resume();
    await until(() => received !== '');
    expect([connection.congested, drains, received]).to.deep.equal([false, 1, 'late']);
    expect(connection.unsentBytes).to.equal(0);
  });

  it('sends what waits before it closes', async () => {
    write(Buffer.alloc(MUCH, 1));
    write(Buffer.from('bye'));
    connection.end();
    let bytes = 0;
    let last = '';
    client.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      last = chunk.subarray(-3).toString();
    });
    await once(client, 'end');
    expect([bytes, last]).to.deep.equal([MUCH + 3, 'bye']);
  });
});
