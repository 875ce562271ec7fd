import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { expect } from 'chai';
import sinon from 'sinon';
import { Connection } from '../../../../src/gateway/connection/connection.ts';
import { FlushQueue } from '../../../../src/gateway/connection/flush-queue.ts';
import { LingeringStreams } from '../../../../src/gateway/connection/lingering-streams.ts';
import { LARGE_READ, READ_MS, ReadTurns } from '../../../../src/gateway/connection/read-turns.ts';
import { GatewayStats } from '../../../../src/gateway/gateway-stats.ts';
import { FakeClock } from '../fake-clock.ts';

const CLIENTS = 6;
const BYTES = 1024 * 1024;

/** What one client has sent, and whether it came as it was sent. */
interface Inbox {
  bytes: number;
  isInOrder: boolean;
  closes: number;
}

/** Byte `at` of what each client sends. */
const byteAt = (at: number): number => (at * 31 + (at >> 8)) & 0xff;

describe('gateway: ReadTurns on TCP sockets', () => {
  let server: Server;
  let clients: Socket[];
  let inboxes: Inbox[];
  let stats: GatewayStats;
  let readTurns: ReadTurns;
  let onRead: (connection: Connection) => void;

  beforeEach(async () => {
    clients = [];
    inboxes = [];
    stats = new GatewayStats();
    const clock = new FakeClock();
    readTurns = new ReadTurns(clock, stats);
    onRead = () => undefined;
    const flushQueue = new FlushQueue(clock);
    const lingering = new LingeringStreams(clock);
    server = createServer({ allowHalfOpen: true }, (socket) => {
      const inbox = { bytes: 0, isInOrder: true, closes: 0 };
      inboxes.push(inbox);
      const connection = new Connection(
        socket,
        flushQueue,
        lingering,
        stats,
        64 * 1024,
        undefined,
        readTurns,
      );
      connection.open({
        onBytes: (chunk) => {
          // Each read is half of what a turn has time for.
          clock.advance(READ_MS / 2);
          for (let i = 0; i < chunk.length; i += 97) {
            if (chunk[i] !== byteAt(inbox.bytes + i)) inbox.isInOrder = false;
          }
          inbox.bytes += chunk.length;
          onRead(connection);
          return chunk.length;
        },
        onDrain: () => undefined,
        onClose: () => {
          inbox.closes++;
        },
      });
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    for (let i = 0; i < CLIENTS; i++) {
      const client = connect(port, '127.0.0.1');
      client.on('error', () => undefined);
      await once(client, 'connect');
      clients.push(client);
    }
  });

  afterEach(() => {
    for (const client of clients) client.destroy();
    server.close();
  });

  async function until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise((resolve) => setTimeout(resolve, 2));
  }

  const content = (): Buffer =>
    Buffer.from(Uint8Array.from({ length: BYTES }, (_, i) => byteAt(i)));

  it('brings all that each has sent, in order, and then their ends', async () => {
    const bytes = content();
    for (const client of clients) client.end(bytes);
    await until(() => inboxes.every(({ closes }) => closes > 0));
    expect(inboxes).to.deep.equal(
      Array.from({ length: CLIENTS }, () => ({ bytes: BYTES, isInOrder: true, closes: 1 })),
    );
    expect(stats.readsDeferred).to.be.greaterThan(CLIENTS);
  });

  it('goes on with the others when some of those that wait are reset', async () => {
    const bytes = content();
    for (const client of clients) client.write(bytes);
    await until(() => stats.readsDeferred > CLIENTS);
    for (const client of clients.slice(0, 2)) client.resetAndDestroy();
    await until(() => inboxes.filter((inbox) => inbox.bytes === BYTES).length >= CLIENTS - 2);
    expect(inboxes.slice(2)).to.deep.equal(
      Array.from({ length: CLIENTS - 2 }, () => ({ bytes: BYTES, isInOrder: true, closes: 0 })),
    );
    await until(() => inboxes.slice(0, 2).every(({ closes }) => closes === 1));
  });

  it('does not remember one that its own bytes have ended', async () => {
    const took = sinon.spy(readTurns, 'took');
    onRead = (connection) => {
      connection.destroy();
    };
    const [client] = clients as [Socket];
    client.write(content());
    await until(() => inboxes.some(({ closes }) => closes === 1));
    expect(stats.bytesReceived).to.be.at.least(LARGE_READ);
    expect(took.callCount).to.equal(0);
  });
});
