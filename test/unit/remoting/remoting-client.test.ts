import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { expect } from 'chai';
import { systemClock } from '../../../src/common/clock.ts';
import { FrameDecoder } from '../../../src/remoting/frame-decoder.ts';
import { encodeFrame } from '../../../src/remoting/frame.ts';
import { RemotingClient } from '../../../src/remoting/remoting-client.ts';
import type { RemotingClientOptions } from '../../../src/remoting/remoting-client.ts';
import {
  ONEWAY_FLAG,
  responseCommand,
  SerializeType,
} from '../../../src/remoting/remoting-command.ts';
import type { RemotingCommand } from '../../../src/remoting/remoting-command.ts';
import {
  RemotingProtocolError,
  RemotingUnavailableError,
} from '../../../src/remoting/remoting-error.ts';
import { eventually } from '../../helpers/eventually.ts';
import { aCommand } from './remoting-fixtures.ts';

describe('RemotingClient', () => {
  let server: Server;
  let client: RemotingClient;
  let sockets: Socket[];
  let requests: RemotingCommand[];
  let onRequest: (request: RemotingCommand, socket: Socket) => void;

  function makeClient(options: Partial<RemotingClientOptions> = {}): RemotingClient {
    const { port } = server.address() as AddressInfo;
    return new RemotingClient({ host: '127.0.0.1', port, clock: systemClock, ...options });
  }

  function answer(request: RemotingCommand, socket: Socket): void {
    const { extFields } = request;
    socket.write(encodeFrame(responseCommand(request, { code: 0, extFields })));
  }

  async function failureOf(promise: Promise<unknown>): Promise<Error> {
    const outcome: unknown = await promise.then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(outcome).to.be.instanceOf(Error);
    return outcome as Error;
  }

  beforeEach(async () => {
    sockets = [];
    requests = [];
    onRequest = answer;
    server = createServer((socket) => {
      sockets.push(socket);
      const decoder = new FrameDecoder();
      socket.on('error', () => undefined);
      socket.on('data', (chunk) => {
        decoder.push(chunk);
        for (let next = decoder.next(); next !== undefined; next = decoder.next()) {
          requests.push(next);
          onRequest(next, socket);
        }
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    client = makeClient();
  });

  afterEach(async () => {
    await client.close();
    for (const socket of sockets) socket.destroy();
    server.close();
  });

  it('gives each invocation its own response, in whatever order they come', async () => {
    const waiting: (() => void)[] = [];
    onRequest = (request, socket) => {
      waiting.push(() => {
        answer(request, socket);
      });
      if (waiting.length === 3) for (const respond of waiting.reverse()) respond();
    };
    const names = ['a', 'b', 'c'];
    const responses = await Promise.all(
      names.map((name) => client.invoke({ code: 1, extFields: new Map([['name', name]]) })),
    );
    expect(responses.map(({ extFields }) => extFields.get('name'))).to.deep.equal(names);
    expect(sockets).to.have.length(1);
  });

  it('reads responses of either serialize type', async () => {
    onRequest = (request, socket) => {
      answer({ ...request, serializeType: SerializeType.ROCKETMQ }, socket);
    };
    expect((await client.invoke({ code: 1 })).serializeType).to.equal(SerializeType.ROCKETMQ);
  });

  it('fails after the timeout and ignores the late response', async () => {
    const late: (() => void)[] = [];
    onRequest = (request, socket) => {
      if (request.code === 2) answer(request, socket);
      else
        late.push(() => {
          answer(request, socket);
        });
    };
    client = makeClient({ invokeTimeoutMs: 50 });
    const error = await failureOf(client.invoke({ code: 1 }));
    expect(error).to.be.instanceOf(RemotingUnavailableError);
    expect(error.message).to.match(/no response from 127\.0\.0\.1:\d+ within 50 ms/);
    late[0]?.();
    const response = await client.invoke({ code: 2, extFields: new Map([['x', 'y']]) });
    expect(response.extFields.get('x')).to.equal('y');
    expect(sockets).to.have.length(1);
  });

  it('names the address that refuses the connection', async () => {
    const { port } = server.address() as AddressInfo;
    server.close();
    const error = await failureOf(client.invoke({ code: 1 }));
    expect(error).to.be.instanceOf(RemotingUnavailableError);
    expect(error.message).to.contain(`cannot reach 127.0.0.1:${String(port)}`);
  });

  it('fails what waits when the connection is lost, and connects again for the next', async () => {
    onRequest = (request, socket) => {
      if (requests.length === 1) socket.destroy();
      else answer(request, socket);
    };
    const error = await failureOf(client.invoke({ code: 1 }));
    expect(error).to.be.instanceOf(RemotingUnavailableError);
    await client.invoke({ code: 1 });
    expect(sockets).to.have.length(2);
  });

  it('fails what waits when the peer answers garbage', async () => {
    onRequest = (_request, socket) => {
      socket.write('HTTP/1.1 400 Bad Request\r\n\r\n');
    };
    const error = await failureOf(client.invoke({ code: 1 }));
    expect(error).to.be.instanceOf(RemotingProtocolError);
    expect(error.message).to.match(/^bad frame from 127\.0\.0\.1:/);
  });

  it('fails what waits on a lost connection though the next one is in use already', async () => {
    const answers: (() => void)[] = [];
    onRequest = (request, socket) => {
      if (request.code === 3) answer(request, socket);
      else answers.push(() => answer(request, socket));
      if (answers.length < 2) return;
      answers[0]?.();
      socket.write('HTTP/1.1 400 Bad Request\r\n\r\n');
      answers.length = 0;
    };
    client = makeClient({ invokeTimeoutMs: 1_000 });
    const next = client.invoke({ code: 1 }).then(() => client.invoke({ code: 3 }));
    const error = await failureOf(client.invoke({ code: 2 }));
    expect(error.message).to.match(/^bad frame from 127\.0\.0\.1:/);
    expect((await next).code).to.equal(0);
  });

  it('answers requests of the peer with 3, oneway ones not at all', async () => {
    await client.connect();
    await eventually('the connection', () => sockets.length === 1);
    sockets[0]?.write(encodeFrame(aCommand({ code: 40, opaque: 1, flag: ONEWAY_FLAG })));
    sockets[0]?.write(encodeFrame(aCommand({ code: 307, opaque: 2 })));
    await eventually('the answer', () => requests.length === 1);
    expect(requests[0]).to.deep.include({ code: 3, opaque: 2, flag: 1 });
  });

  it('sends oneway requests with their flag', async () => {
    await client.invokeOneway({ code: 5 });
    await eventually('the request', () => requests.length === 1);
    expect(requests[0]).to.deep.include({ code: 5, flag: ONEWAY_FLAG });
  });

  it('refuses more invocations than may wait', async () => {
    onRequest = () => undefined;
    client = makeClient({ maxInFlight: 1 });
    const first = failureOf(client.invoke({ code: 1 }));
    const second = await failureOf(client.invoke({ code: 1 }));
    expect(second.message).to.contain('wait for their response already');
    await client.close();
    expect((await first).message).to.contain('was closed');
  });

  it('is of no use after close', async () => {
    await client.close();
    expect((await failureOf(client.invoke({ code: 1 }))).message).to.contain('was closed');
    await client.close();
  });
});
