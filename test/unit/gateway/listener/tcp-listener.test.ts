import { expect } from 'chai';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { ErrorCode, ListenError } from '../../../../src/common/errors.ts';
import { silentLogger } from '../../../../src/common/logger.ts';
import { TcpKeepAlive } from '../../../../src/gateway/listener/tcp-keep-alive.ts';
import { TcpListener } from '../../../../src/gateway/listener/tcp-listener.ts';

const KEEP_ALIVE = { idleSeconds: 60, intervalSeconds: 0, probes: 0, userTimeoutMs: 0 };

describe('gateway: TcpListener', () => {
  const listeners: TcpListener[] = [];
  const sockets: Socket[] = [];

  afterEach(() => {
    for (const listener of listeners.splice(0)) listener.stop();
    for (const socket of sockets.splice(0)) socket.destroy();
  });

  function make(port: number, host = '127.0.0.1'): TcpListener {
    const listener = new TcpListener({
      address: { host, port },
      backlog: 10,
      keepAlive: KEEP_ALIVE,
      tcpKeepAlive: new TcpKeepAlive(KEEP_ALIVE, silentLogger),
      onSocket: (socket) => sockets.push(socket),
      onError: () => undefined,
    });
    listeners.push(listener);
    return listener;
  }

  async function failureOf(listener: TcpListener): Promise<unknown> {
    return listener.start().then(
      () => expect.fail('it listens'),
      (error: unknown) => error,
    );
  }

  it('takes a free port for port 0 and hands sockets over', async () => {
    const listener = make(0);
    await listener.start();
    const { host, port } = listener.address;
    expect(host).to.equal('127.0.0.1');
    const client = connect(port, host);
    sockets.push(client);
    await once(client, 'connect');
    while (sockets.length < 2) await new Promise(setImmediate);
    expect(sockets[1]!.remotePort).to.equal(client.localPort);
  });

  it('names the address when its port is taken', async () => {
    const first = make(0);
    await first.start();
    const { port } = first.address;
    const error = await failureOf(make(port));
    expect(error).to.be.instanceOf(ListenError);
    expect(error).to.include({ code: ErrorCode.LISTEN_FAILED });
    expect((error as ListenError).message).to.include(`127.0.0.1:${String(port)}`);
    expect((error as ListenError).message).to.include('the port is in use');
  });

  it('names an address that is not of this machine', async () => {
    const error = await failureOf(make(0, '192.0.2.1'));
    expect(error).to.be.instanceOf(ListenError);
    expect((error as ListenError).message).to.include('192.0.2.1:0');
  });

  it('accepts no more after stop, which may be called twice', async () => {
    const listener = make(0);
    await listener.start();
    const { port, host } = listener.address;
    listener.stop();
    listener.stop();
    const client = connect(port, host);
    sockets.push(client);
    const [error] = (await once(client, 'error')) as [NodeJS.ErrnoException];
    expect(error.code).to.equal('ECONNREFUSED');
  });
});
