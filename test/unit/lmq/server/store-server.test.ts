import { expect } from 'chai';
import { systemClock } from '../../../../src/common/clock.ts';
import { ListenError } from '../../../../src/common/errors.ts';
import { silentLogger } from '../../../../src/common/logger.ts';
import { createMemoryStore } from '../../../../src/lmq/memory/memory-store.ts';
import { createStoreServer, type StoreServer } from '../../../../src/lmq/server/store-server.ts';
import type { LmqStore } from '../../../../src/lmq/spi/lmq-store.ts';
import type { NodeFrame, StoreFrame, StoreMethods } from '../../../../src/rpc/messages/store-v1.ts';
import { loadService } from '../../../../src/rpc/proto.ts';
import { RpcClient, type ClientDuplexStream } from '../../../../src/rpc/rpc-client.ts';
import { RpcStatus } from '../../../../src/rpc/rpc-status.ts';
import { eventually } from '../../../helpers/eventually.ts';
import { EMPTY_HELLO, isSet } from './fake-node.ts';
import { recordOf } from './server-world.ts';

const SERVICE = loadService<StoreMethods>('lmqtt.store.v1.Store');
const LEASE_MS = 1_000;

/** A stream to the server, and what has come of it. */
class Connection {
  readonly frames: StoreFrame[] = [];
  status: number | undefined;
  readonly #client: RpcClient;
  readonly #call: ClientDuplexStream<NodeFrame, StoreFrame>;

  constructor(address: string, token?: string) {
    this.#client = new RpcClient({ address, credentials: { token }, clock: systemClock });
    this.#call = this.#client.bidiStream(SERVICE.attach);
    this.#call.on('data', (frame: StoreFrame) => this.frames.push(frame));
    this.#call.on('error', () => undefined);
    this.#call.on('status', ({ code }: { code: number }) => {
      this.status = code;
    });
  }

  send(frame: Partial<NodeFrame>): void {
    this.#call.write({ requests: [], ...frame });
  }

  async attach(nodeId: string): Promise<void> {
    this.send({ hello: { ...EMPTY_HELLO, nodeId, nodeName: nodeId } });
    await eventually('a welcome', () => this.frames.some(({ welcome }) => isSet(welcome)));
  }

  async end(): Promise<number> {
    await eventually('the end', () => this.status !== undefined);
    return this.status as number;
  }

  close(): void {
    this.#call.cancel();
    this.#client.close();
  }
}

describe('store server over gRPC', () => {
  let store: LmqStore;
  let server: StoreServer;
  let connections: Connection[];

  beforeEach(async () => {
    connections = [];
    store = createMemoryStore();
    await store.start();
  });

  afterEach(async () => {
    for (const connection of connections) connection.close();
    await server.stop();
    await store.stop();
  });

  const serve = async (token?: string): Promise<void> => {
    server = createStoreServer({
      store,
      host: '127.0.0.1',
      port: 0,
      leaseMs: LEASE_MS,
      credentials: { token },
      clock: systemClock,
      logger: silentLogger,
    });
    await server.start();
  };

  const connect = (token?: string): Connection => {
    const connection = new Connection(server.address, token);
    connections.push(connection);
    return connection;
  };

  it('takes batches and pushes arrivals', async () => {
    await serve();
    const a = connect();
    await a.attach('a');
    a.send({ requests: [{ id: 1, openQueue: 'tx' }] });
    await eventually('the queue', () => a.frames.some(({ replies }) => replies.length > 0));
    const record = recordOf('x', '1');
    const topics = [{ number: 1, name: 'x', directQueue: 0 }];
    const topicNumbers = Buffer.from([1, 0, 0, 0]);
    a.send({ batch: { sequence: 1, topics, topicNumbers, records: record, writes: [] } });
    await eventually('the arrival', () => a.frames.some(({ arrivals }) => arrivals.length > 0));
    const frame = a.frames.find(({ arrivals }) => arrivals.length > 0);
    expect(frame?.settled?.sequence).to.equal(1);
    expect(frame?.blocks[0]?.subarray(32)).to.deep.equal(record.subarray(32));
  });

  it('ends a stream with what is wrong with it, and no other', async () => {
    await serve();
    const [a, b] = [connect(), connect()];
    await a.attach('a');
    await b.attach('b');
    const none = Buffer.alloc(0);
    const records = Buffer.alloc(9);
    a.send({ batch: { sequence: 1, topics: [], topicNumbers: none, records, writes: [] } });
    expect(await a.end()).to.equal(RpcStatus.INVALID_ARGUMENT);
    b.send({ requests: [{ id: 1, listFilters: {} }] });
    await eventually('an answer', () => b.frames.some(({ replies }) => replies.length > 0));
    expect(server.stats).to.include({ nodes: 2, attachedNodes: 1, protocolErrors: 1 });
  });

  it('notices at once when a connection breaks, and fences the node after its lease', async () => {
    await serve();
    const a = connect();
    await a.attach('a');
    a.close();
    await eventually('the end of the stream', () => server.stats.attachedNodes === 0);
    expect(server.stats.nodes).to.equal(1);
    await eventually('its death', () => server.stats.nodesFenced === 1);
    const again = connect();
    again.send({ hello: { ...EMPTY_HELLO, nodeId: 'a', resumes: true } });
    expect(await again.end()).to.equal(RpcStatus.OK);
    expect(again.frames.some(({ fenced }) => isSet(fenced))).to.equal(true);
  });

  it('ends a stream on which nobody says hello', async () => {
    await serve();
    const silent = connect();
    expect(await silent.end()).to.equal(RpcStatus.DEADLINE_EXCEEDED);
  });

  it('asks for the token', async () => {
    await serve('secret');
    const wrong = connect('guess');
    wrong.send({ hello: { ...EMPTY_HELLO, nodeId: 'a' } });
    expect(await wrong.end()).to.equal(RpcStatus.UNAUTHENTICATED);
    await connect('secret').attach('a');
    expect(server.stats.nodes).to.equal(1);
  });

  it('says which address it cannot have, and leaves nothing running', async () => {
    await serve();
    const second = createStoreServer({
      store,
      host: '127.0.0.1',
      port: server.port,
      leaseMs: LEASE_MS,
      credentials: {},
      clock: systemClock,
      logger: silentLogger,
    });
    const error = await second.start().then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(error).to.be.instanceOf(ListenError);
    expect((error as ListenError).message).to.include(server.address);
    await second.stop();
  });

  it('settles what it has taken before it stops', async () => {
    await serve();
    const a = connect();
    await a.attach('a');
    const writes = [{ beforeRecord: 0, pinFilter: 'a/#' }];
    const none = Buffer.alloc(0);
    a.send({ batch: { sequence: 1, topics: [], topicNumbers: none, records: none, writes } });
    await eventually('the batch', () => server.stats.batches === 1);
    await server.stop();
    expect(await a.end()).to.equal(RpcStatus.UNAVAILABLE);
    expect(a.frames.some(({ settled }) => settled?.sequence === 1)).to.equal(true);
  });
});
