import { expect } from 'chai';
import { systemClock } from '../../../src/common/clock.ts';
import { ListenError } from '../../../src/common/errors.ts';
import { silentLogger, type Logger } from '../../../src/common/logger.ts';
import type { RemotingAnswer } from '../../../src/remoting/remoting-command.ts';
import {
  ONEWAY_FLAG,
  RESPONSE_FLAG,
  SerializeType,
} from '../../../src/remoting/remoting-command.ts';
import { RemotingServer } from '../../../src/remoting/remoting-server.ts';
import type { RemotingServerOptions } from '../../../src/remoting/remoting-server.ts';
import type { RequestProcessor } from '../../../src/remoting/request-dispatcher.ts';
import { eventually } from '../../helpers/eventually.ts';
import { ManualClock } from '../lmq/manual-clock.ts';
import { RawRemotingPeer } from './raw-remoting-peer.ts';
import { aCommand, BINARY_PUT_FRAME } from './remoting-fixtures.ts';

const ECHO = 100;
const HELD = 101;
const BIG = 102;
const SLOW = 103;

describe('RemotingServer', () => {
  let server: RemotingServer;
  let handled: number[];
  let held: ((answer: RemotingAnswer) => void)[];
  const peers: RawRemotingPeer[] = [];

  const processors = new Map<number, RequestProcessor>([
    [
      ECHO,
      ({ opaque, extFields }) => {
        handled.push(opaque);
        return { code: 0, extFields };
      },
    ],
    [
      HELD,
      ({ opaque }) => {
        handled.push(opaque);
        return new Promise((resolve) => held.push(resolve));
      },
    ],
    [BIG, () => ({ code: 0, body: Buffer.alloc(64 * 1024) })],
  ]);

  async function serve(limits: RemotingServerOptions['limits'] = {}): Promise<void> {
    server = new RemotingServer({
      host: '127.0.0.1',
      port: 0,
      processors,
      limits,
      clock: systemClock,
      logger: silentLogger,
    });
    await server.start();
  }

  async function connect(): Promise<RawRemotingPeer> {
    const peer = await RawRemotingPeer.connect(server.port);
    peers.push(peer);
    return peer;
  }

  beforeEach(() => {
    handled = [];
    held = [];
  });

  afterEach(async () => {
    for (const peer of peers.splice(0)) peer.socket.destroy();
    await server.stop();
  });

  it('lets others have their turn between the requests of one read', async () => {
    await serve();
    const peer = await connect();
    let passed = 0;
    const inTurn: number[] = [];
    processors.set(SLOW, () => {
      inTurn[passed] = (inTurn[passed] ?? 0) + 1;
      const end = performance.now() + 1;
      while (performance.now() < end);
      return { code: 0 };
    });
    const pass = (): void => {
      passed++;
      if (peer.received.length < 200) setImmediate(pass);
    };
    pass();
    peer.send(...Array.from({ length: 200 }, (_, i) => aCommand({ code: SLOW, opaque: i })));
    const responses = await peer.responses(200);
    expect(responses.map(({ opaque }) => opaque)).to.deep.equal(
      Array.from({ length: 200 }, (_, i) => i),
    );
    expect(Math.max(...inTurn.filter((count) => count > 0))).to.be.at.most(5);
  });

  it('answers pipelined requests with their opaque and the response flag', async () => {
    await serve();
    const peer = await connect();
    peer.send(...[5, 6, -7].map((opaque) => aCommand({ opaque })));
    const responses = await peer.responses(3);
    expect(responses.map(({ opaque }) => opaque)).to.deep.equal([5, 6, -7]);
    expect(responses.every(({ flag }) => flag === RESPONSE_FLAG)).to.equal(true);
  });

  it('answers a later request before an earlier one that takes its time', async () => {
    await serve();
    const peer = await connect();
    peer.send(aCommand({ code: HELD, opaque: 1 }), aCommand({ opaque: 2 }));
    await peer.responses(1);
    held[0]?.({ code: 0 });
    const responses = await peer.responses(2);
    expect(responses.map(({ opaque }) => opaque)).to.deep.equal([2, 1]);
  });

  it('answers in the serialize type of the request', async () => {
    await serve();
    const peer = await connect();
    peer.socket.write(BINARY_PUT_FRAME);
    peer.send(aCommand());
    const responses = await peer.responses(2);
    expect(responses.map(({ serializeType }) => serializeType)).to.deep.equal([
      SerializeType.ROCKETMQ,
      SerializeType.JSON,
    ]);
    expect(responses[0]?.extFields.get('value')).to.equal('é');
  });

  it('answers an unknown code with 3', async () => {
    await serve();
    const peer = await connect();
    peer.send(aCommand({ code: 10, opaque: 9 }));
    const [response] = await peer.responses(1);
    expect(response).to.deep.include({
      code: 3,
      remark: ' request type 10 not supported',
      opaque: 9,
    });
  });

  it('processes a oneway request and writes nothing', async () => {
    await serve();
    const peer = await connect();
    peer.send(aCommand({ opaque: 1, flag: ONEWAY_FLAG }));
    peer.send(aCommand({ code: 10, opaque: 2, flag: ONEWAY_FLAG }), aCommand({ opaque: 3 }));
    const responses = await peer.responses(1);
    expect(handled).to.deep.equal([1, 3]);
    expect(responses.map(({ opaque }) => opaque)).to.deep.equal([3]);
  });

  it('ignores a response that it never asked for', async () => {
    await serve();
    const peer = await connect();
    peer.send(aCommand({ opaque: 1, flag: RESPONSE_FLAG }), aCommand({ opaque: 2 }));
    await peer.responses(1);
    expect(handled).to.deep.equal([2]);
  });

  it('processes no more requests at a time than allowed, and the rest afterwards', async () => {
    await serve({ maxInFlightPerConnection: 2 });
    const peer = await connect();
    peer.send(...[1, 2, 3, 4, 5].map((opaque) => aCommand({ code: HELD, opaque })));
    await eventually('two requests', () => handled.length === 2);
    await new Promise(setImmediate);
    expect(handled).to.deep.equal([1, 2]);
    for (let count = 1; count <= 5; count++) {
      await eventually('a held request', () => held.length > 0);
      held.shift()?.({ code: 0 });
      await peer.responses(count);
    }
    expect(handled).to.deep.equal([1, 2, 3, 4, 5]);
  });

  it('takes no more requests from a peer that does not read its responses', async () => {
    await serve({ maxBufferedBytes: 1024 * 1024 });
    const peer = await connect();
    peer.socket.pause();
    const count = 2000;
    const before = process.memoryUsage().arrayBuffers;
    peer.send(...Array.from({ length: count }, (_, opaque) => aCommand({ code: BIG, opaque })));
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(process.memoryUsage().arrayBuffers - before).to.be.lessThan(60 * 1024 * 1024);
    peer.socket.resume();
    await peer.responses(count);
  });

  it('closes the connection of a malformed frame and serves others on', async () => {
    await serve();
    const [bad, good] = [await connect(), await connect()];
    bad.socket.write('GET / HTTP/1.1\r\n\r\n');
    await bad.gone();
    good.send(aCommand());
    await good.responses(1);
  });

  it('closes the connection of a frame over the limit at once', async () => {
    await serve({ maxFrameBytes: 1000 });
    const peer = await connect();
    peer.socket.write(Buffer.from('000003e5', 'hex'));
    await peer.gone();
  });

  it('answers 1 when its answer would be over the limit', async () => {
    await serve({ maxFrameBytes: 1000 });
    const peer = await connect();
    peer.send(aCommand({ code: BIG }));
    const [response] = await peer.responses(1);
    expect(response?.code).to.equal(1);
    expect(response?.remark).to.contain('over the limit');
  });

  it('closes a connection that makes it hold too many bytes, and only that', async () => {
    await serve({ maxBufferedBytes: 100_000 });
    const [greedy, modest] = [await connect(), await connect()];
    modest.socket.write(Buffer.from('000f000000000002', 'hex'));
    greedy.socket.write(
      Buffer.concat([Buffer.from('000f000000000002', 'hex'), Buffer.alloc(200_000)]),
    );
    await greedy.gone();
    await eventually('one connection', () => server.connections === 1);
    modest.socket.write(Buffer.alloc(50_000));
    const other = await connect();
    other.send(aCommand());
    await other.responses(1);
    expect(server.connections).to.equal(2);
  });

  it('closes connections over the limit', async () => {
    await serve({ maxConnections: 1 });
    const first = await connect();
    first.send(aCommand());
    await first.responses(1);
    const second = await connect();
    await second.gone();
    first.send(aCommand());
    await first.responses(2);
  });

  it('closes an idle connection and keeps one with traffic', async () => {
    await serve({ idleTimeoutMs: 200 });
    const [idle, busy] = [await connect(), await connect()];
    const sending = setInterval(() => {
      busy.send(aCommand());
    }, 40);
    await idle.gone();
    clearInterval(sending);
    expect(busy.socket.readableEnded || busy.socket.closed).to.equal(false);
  });

  it('answers what a peer sent before it ended its side', async () => {
    await serve();
    const peer = await connect();
    peer.send(aCommand({ code: HELD, opaque: 1 }), aCommand({ opaque: 2 }));
    peer.socket.end();
    await peer.responses(1);
    held[0]?.({ code: 0 });
    await peer.responses(2);
    await peer.gone();
  });

  it('answers what it is processing when it stops', async () => {
    await serve();
    const peer = await connect();
    peer.send(aCommand({ code: HELD }));
    await eventually('the request', () => held.length === 1);
    const stopped = server.stop();
    held[0]?.({ code: 0 });
    await peer.responses(1);
    await peer.gone();
    peer.socket.end();
    await stopped;
    await server.stop();
  });

  it('does not wait for ever when it stops', async () => {
    await serve({ drainTimeoutMs: 50 });
    const peer = await connect();
    peer.send(aCommand({ code: HELD }));
    await eventually('the request', () => held.length === 1);
    await server.stop();
    await peer.gone();
  });

  it('warns of a few of the connections that it refuses or closes, and says how many there were', async () => {
    const clock = new ManualClock();
    const lines: string[] = [];
    const warn: Logger['warn'] = (fields, message) => {
      lines.push(message);
      const { times } = fields as { times?: number };
      if (times !== undefined) lines.push(String(times));
    };
    server = new RemotingServer({
      host: '127.0.0.1',
      port: 0,
      processors,
      limits: { maxConnections: 0 },
      clock,
      logger: { ...silentLogger, warn },
    });
    await server.start();
    for (let i = 0; i < 30; i++) {
      const peer = await connect();
      await peer.gone();
    }
    const refused = 'remoting connection refused: too many connections';
    expect(lines).to.deep.equal(Array.from({ length: 20 }, () => refused));
    clock.advance(60_000);
    expect(lines.slice(20)).to.deep.equal([`${refused}: more often than is told`, '10']);
  });

  it('names the address that it cannot listen on', async () => {
    await serve();
    const { port } = server;
    const second = new RemotingServer({
      host: '127.0.0.1',
      port,
      processors,
      clock: systemClock,
      logger: silentLogger,
    });
    const error: unknown = await second.start().catch((thrown: unknown) => thrown);
    expect(error).to.be.instanceOf(ListenError);
    expect((error as Error).message).to.contain(`127.0.0.1:${String(port)}`);
    await second.stop();
  });
});
