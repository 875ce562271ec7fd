import { expect } from 'chai';
import sinon from 'sinon';
import { createServer, connect, Socket } from 'node:net';
import { once } from 'node:events';
import type { Logger } from '../../../../src/common/logger.ts';
import { silentLogger } from '../../../../src/common/logger.ts';
import { TcpKeepAlive } from '../../../../src/gateway/listener/tcp-keep-alive.ts';

const OPTIONS = { idleSeconds: 60, intervalSeconds: 10, probes: 3, userTimeoutMs: 60_000 };
const OFF = { idleSeconds: 60, intervalSeconds: 0, probes: 0, userTimeoutMs: 0 };

function recordingLogger() {
  const warn = sinon.spy();
  return { warn, logger: { ...silentLogger, warn } as Logger };
}

describe('gateway: TcpKeepAlive', () => {
  it('does not load the library when there is nothing to set', async () => {
    const keepAlive = new TcpKeepAlive(OFF, silentLogger);
    await keepAlive.load();
    expect(keepAlive.available).to.equal(false);
  });

  it('does nothing to sockets when the library is not there', () => {
    const keepAlive = new TcpKeepAlive(OPTIONS, silentLogger);
    expect(() => {
      keepAlive.apply(new Socket());
    }).not.to.throw();
  });

  it('sets an open socket without a warning, if the library is usable', async () => {
    const { warn, logger } = recordingLogger();
    const keepAlive = new TcpKeepAlive(OPTIONS, logger);
    await keepAlive.load();
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address() as { port: number };
    const socket = connect(address.port, '127.0.0.1');
    await once(socket, 'connect');
    keepAlive.apply(socket);
    expect(warn.callCount).to.equal(keepAlive.available ? 0 : 1);
    socket.destroy();
    server.close();
  });

  it('warns once when setting fails, and does not try again', async () => {
    const { warn, logger } = recordingLogger();
    const keepAlive = new TcpKeepAlive(OPTIONS, logger);
    await keepAlive.load();
    const usable = keepAlive.available;
    const noSocket = new Socket();
    keepAlive.apply(noSocket);
    keepAlive.apply(noSocket);
    expect(keepAlive.available).to.equal(false);
    expect(warn.callCount).to.equal(1);
    expect(usable).to.be.a('boolean');
  });

  it('does not mind a socket that has gone already', async () => {
    const { warn, logger } = recordingLogger();
    const keepAlive = new TcpKeepAlive(OPTIONS, logger);
    await keepAlive.load();
    const { callCount } = warn;
    const before = keepAlive.available;
    keepAlive.apply(new Socket().destroy());
    expect(keepAlive.available).to.equal(before);
    expect(warn.callCount).to.equal(callCount);
  });
});
