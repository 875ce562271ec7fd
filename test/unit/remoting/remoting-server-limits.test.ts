import { expect } from 'chai';
import { silentLogger, type Logger } from '../../../src/common/logger.ts';
import { eventually } from '../../helpers/eventually.ts';
import { ManualClock } from '../lmq/manual-clock.ts';
import { aCommand } from './remoting-fixtures.ts';
import { BIG, HELD, RemotingServerWorld } from './remoting-server-world.ts';

describe('RemotingServer: limits', () => {
  let world: RemotingServerWorld;

  beforeEach(() => {
    world = new RemotingServerWorld();
  });
  afterEach(() => world.stop());

  it('processes no more requests at a time than allowed, and the rest afterwards', async () => {
    await world.serve({ maxInFlightPerConnection: 2 });
    const peer = await world.connect();
    peer.send(...[1, 2, 3, 4, 5].map((opaque) => aCommand({ code: HELD, opaque })));
    await eventually('two requests', () => world.handled.length === 2);
    await new Promise(setImmediate);
    expect(world.handled).to.deep.equal([1, 2]);
    for (let count = 1; count <= 5; count++) {
      await eventually('a held request', () => world.held.length > 0);
      world.held.shift()?.({ code: 0 });
      await peer.responses(count);
    }
    expect(world.handled).to.deep.equal([1, 2, 3, 4, 5]);
  });

  it('takes no more requests from a peer that does not read its responses', async () => {
    await world.serve({ maxBufferedBytes: 1024 * 1024 });
    const peer = await world.connect();
    peer.socket.pause();
    const count = 2000;
    const before = process.memoryUsage().arrayBuffers;
    peer.send(...Array.from({ length: count }, (_, opaque) => aCommand({ code: BIG, opaque })));
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(process.memoryUsage().arrayBuffers - before).to.be.lessThan(60 * 1024 * 1024);
    peer.socket.resume();
    await peer.responses(count);
  });

  it('closes the connection of a frame over the limit at once', async () => {
    await world.serve({ maxFrameBytes: 1000 });
    const peer = await world.connect();
    peer.socket.write(Buffer.from('000003e5', 'hex'));
    await peer.gone();
  });

  it('answers 1 when its answer would be over the limit', async () => {
    await world.serve({ maxFrameBytes: 1000 });
    const peer = await world.connect();
    peer.send(aCommand({ code: BIG }));
    const [response] = await peer.responses(1);
    expect(response?.code).to.equal(1);
    expect(response?.remark).to.contain('over the limit');
  });

  it('closes a connection that makes it hold too many bytes, and only that', async () => {
    await world.serve({ maxBufferedBytes: 100_000 });
    const [greedy, modest] = [await world.connect(), await world.connect()];
    modest.socket.write(Buffer.from('000f000000000002', 'hex'));
    greedy.socket.write(
      Buffer.concat([Buffer.from('000f000000000002', 'hex'), Buffer.alloc(200_000)]),
    );
    await greedy.gone();
    await eventually('one connection', () => world.server.connections === 1);
    modest.socket.write(Buffer.alloc(50_000));
    const other = await world.connect();
    other.send(aCommand());
    await other.responses(1);
    expect(world.server.connections).to.equal(2);
  });

  it('closes connections over the limit', async () => {
    await world.serve({ maxConnections: 1 });
    const first = await world.connect();
    first.send(aCommand());
    await first.responses(1);
    const second = await world.connect();
    await second.gone();
    first.send(aCommand());
    await first.responses(2);
  });

  it('closes an idle connection and keeps one with traffic', async () => {
    await world.serve({ idleTimeoutMs: 200 });
    const [idle, busy] = [await world.connect(), await world.connect()];
    const sending = setInterval(() => {
      busy.send(aCommand());
    }, 40);
    await idle.gone();
    clearInterval(sending);
    expect(busy.socket.readableEnded || busy.socket.closed).to.equal(false);
  });

  it('warns of a few of the connections that it refuses or closes, and says how many there were', async () => {
    const clock = new ManualClock();
    const lines: string[] = [];
    const warn: Logger['warn'] = (fields, message) => {
      lines.push(message);
      const { times } = fields as { times?: number };
      if (times !== undefined) lines.push(String(times));
    };
    await world.serve({ maxConnections: 0 }, { clock, logger: { ...silentLogger, warn } });
    for (let i = 0; i < 30; i++) {
      const peer = await world.connect();
      await peer.gone();
    }
    const refused = 'remoting connection refused: too many connections';
    expect(lines).to.deep.equal(Array.from({ length: 20 }, () => refused));
    clock.advance(60_000);
    expect(lines.slice(20)).to.deep.equal([`${refused}: more often than is told`, '10']);
  });
});
