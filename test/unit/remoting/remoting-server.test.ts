import { expect } from 'chai';
import { systemClock } from '../../../src/common/clock.ts';
import { ListenError } from '../../../src/common/errors.ts';
import { silentLogger } from '../../../src/common/logger.ts';
import {
  ONEWAY_FLAG,
  RESPONSE_FLAG,
  SerializeType,
} from '../../../src/remoting/remoting-command.ts';
import { RemotingServer } from '../../../src/remoting/remoting-server.ts';
import { eventually } from '../../helpers/eventually.ts';
import { aCommand, BINARY_PUT_FRAME } from './remoting-fixtures.ts';
import { HELD, RemotingServerWorld } from './remoting-server-world.ts';

const SLOW = 103;

describe('RemotingServer', () => {
  let world: RemotingServerWorld;

  beforeEach(() => {
    world = new RemotingServerWorld();
  });
  afterEach(() => world.stop());

  it('lets others have their turn between the requests of one read', async () => {
    await world.serve();
    const peer = await world.connect();
    let passed = 0;
    const inTurn: number[] = [];
    world.processors.set(SLOW, () => {
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
    await world.serve();
    const peer = await world.connect();
    peer.send(...[5, 6, -7].map((opaque) => aCommand({ opaque })));
    const responses = await peer.responses(3);
    expect(responses.map(({ opaque }) => opaque)).to.deep.equal([5, 6, -7]);
    expect(responses.every(({ flag }) => flag === RESPONSE_FLAG)).to.equal(true);
  });

  it('answers a later request before an earlier one that takes its time', async () => {
    await world.serve();
    const peer = await world.connect();
    peer.send(aCommand({ code: HELD, opaque: 1 }), aCommand({ opaque: 2 }));
    await peer.responses(1);
    world.held[0]?.({ code: 0 });
    const responses = await peer.responses(2);
    expect(responses.map(({ opaque }) => opaque)).to.deep.equal([2, 1]);
  });

  it('answers in the serialize type of the request', async () => {
    await world.serve();
    const peer = await world.connect();
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
    await world.serve();
    const peer = await world.connect();
    peer.send(aCommand({ code: 10, opaque: 9 }));
    const [response] = await peer.responses(1);
    expect(response).to.deep.include({
      code: 3,
      remark: ' request type 10 not supported',
      opaque: 9,
    });
  });

  it('processes a oneway request and writes nothing', async () => {
    await world.serve();
    const peer = await world.connect();
    peer.send(aCommand({ opaque: 1, flag: ONEWAY_FLAG }));
    peer.send(aCommand({ code: 10, opaque: 2, flag: ONEWAY_FLAG }), aCommand({ opaque: 3 }));
    const responses = await peer.responses(1);
    expect(world.handled).to.deep.equal([1, 3]);
    expect(responses.map(({ opaque }) => opaque)).to.deep.equal([3]);
  });

  it('ignores a response that it never asked for', async () => {
    await world.serve();
    const peer = await world.connect();
    peer.send(aCommand({ opaque: 1, flag: RESPONSE_FLAG }), aCommand({ opaque: 2 }));
    await peer.responses(1);
    expect(world.handled).to.deep.equal([2]);
  });

  it('closes the connection of a malformed frame and serves others on', async () => {
    await world.serve();
    const [bad, good] = [await world.connect(), await world.connect()];
    bad.socket.write('GET / HTTP/1.1\r\n\r\n');
    await bad.gone();
    good.send(aCommand());
    await good.responses(1);
  });

  it('answers what a peer sent before it ended its side', async () => {
    await world.serve();
    const peer = await world.connect();
    peer.send(aCommand({ code: HELD, opaque: 1 }), aCommand({ opaque: 2 }));
    peer.socket.end();
    await peer.responses(1);
    world.held[0]?.({ code: 0 });
    await peer.responses(2);
    await peer.gone();
  });

  it('answers what it is processing when it stops', async () => {
    await world.serve();
    const peer = await world.connect();
    peer.send(aCommand({ code: HELD }));
    await eventually('the request', () => world.held.length === 1);
    const stopped = world.server.stop();
    world.held[0]?.({ code: 0 });
    await peer.responses(1);
    await peer.gone();
    peer.socket.end();
    await stopped;
    await world.server.stop();
  });

  it('does not wait for ever when it stops', async () => {
    await world.serve({ drainTimeoutMs: 50 });
    const peer = await world.connect();
    peer.send(aCommand({ code: HELD }));
    await eventually('the request', () => world.held.length === 1);
    await world.server.stop();
    await peer.gone();
  });

  it('names the address that it cannot listen on', async () => {
    await world.serve();
    const { port } = world.server;
    const second = new RemotingServer({
      host: '127.0.0.1',
      port,
      processors: world.processors,
      clock: systemClock,
      logger: silentLogger,
    });
    const error: unknown = await second.start().catch((thrown: unknown) => thrown);
    expect(error).to.be.instanceOf(ListenError);
    expect((error as Error).message).to.contain(`127.0.0.1:${String(port)}`);
    await second.stop();
  });
});
