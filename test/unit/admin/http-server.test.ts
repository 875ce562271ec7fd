import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { expect } from 'chai';
import sinon from 'sinon';
import { type HttpLimits, HttpServer, type Route } from '../../../src/admin/http-server.ts';
import { systemClock } from '../../../src/common/clock.ts';
import { ListenError } from '../../../src/common/errors.ts';
import { silentLogger } from '../../../src/common/logger.ts';

const page: Route = () => ({ status: 200, contentType: 'text/plain', body: 'grüße\n' });

describe('HttpServer', () => {
  const servers: HttpServer[] = [];
  const sockets: Socket[] = [];
  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.destroy();
    for (const server of servers.splice(0)) await server.stop();
    sinon.restore();
  });

  function create(routes: Record<string, Route>, limits: Partial<HttpLimits> = {}): HttpServer {
    const server = new HttpServer({
      host: '127.0.0.1',
      port: 0,
      routes: new Map(Object.entries(routes)),
      limits,
      clock: systemClock,
      logger: silentLogger,
    });
    servers.push(server);
    return server;
  }

  async function started(
    routes: Record<string, Route> = { '/page': page },
    limits: Partial<HttpLimits> = {},
  ): Promise<HttpServer> {
    const server = create(routes, limits);
    await server.start();
    return server;
  }

  function open(server: HttpServer): Socket {
    const socket = connect(server.port, '127.0.0.1');
    socket.on('error', () => {});
    sockets.push(socket);
    return socket;
  }

  /** All that comes until the server closes. */
  async function exchange(server: HttpServer, request: string): Promise<string> {
    const socket = open(server);
    socket.write(request);
    return text(socket);
  }

  function get(path: string, method = 'GET', headers = ''): string {
    return `${method} ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${headers}\r\n`;
  }

  it('answers GET with the page, and HEAD without its body', async () => {
    const server = await started();
    const whole = await exchange(server, get('/page'));
    expect(whole).to.match(/^HTTP\/1\.1 200 OK\r\n/);
    expect(whole).to.include('Content-Length: 8\r\n');
    expect(whole).to.match(/\r\n\r\ngrüße\n$/);
    const head = await exchange(server, get('/page', 'HEAD'));
    expect(head).to.match(/^HTTP\/1\.1 200 OK\r\n/);
    expect(head).to.include('Content-Length: 8\r\n');
    expect(head).to.match(/\r\n\r\n$/);
  });

  it('does not look at the query', async () => {
    const server = await started();
    expect(await exchange(server, get('/page?name[]=a'))).to.match(/^HTTP\/1\.1 200 /);
  });

  it('answers 404 for every other path', async () => {
    const server = await started();
    for (const path of ['/', '/page/', '/pag', '//page', '/../page', '/%70age', 'http://x/page']) {
      expect(await exchange(server, get(path)), path).to.match(/^HTTP\/1\.1 404 /);
    }
  });

  it('answers 405 for every other method and says which are allowed', async () => {
    const route = sinon.spy(page);
    const server = await started({ '/page': route });
    for (const method of ['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'TRACE']) {
      const answer = await exchange(server, get('/page', method));
      expect(answer, method).to.match(/^HTTP\/1\.1 405 /);
      expect(answer).to.include('Allow: GET, HEAD\r\n');
    }
    expect(route.callCount).to.equal(0);
  });

  it('closes after a request with a body, which it does not read', async () => {
    const server = await started();
    for (const headers of ['Content-Length: 1000000\r\n', 'Transfer-Encoding: chunked\r\n']) {
      const request = `GET /page HTTP/1.1\r\nHost: x\r\n${headers}\r\n`;
      const answer = await exchange(server, request);
      expect(answer).to.match(/^HTTP\/1\.1 200 /);
      expect(answer).to.include('Connection: close\r\n');
    }
  });

  it('closes a connection that asks again before it is answered', async () => {
    const route = sinon.spy(page);
    const server = await started({ '/page': route });
    const one = 'GET /page HTTP/1.1\r\nHost: x\r\n\r\n';
    const answers = await exchange(server, one.repeat(1000)).catch(() => '');
    expect(answers.match(/HTTP\/1\.1 200 /g) ?? []).to.have.length.at.most(1);
    expect(route.callCount).to.equal(1);
    const other = open(server);
    for (let i = 0; i < 3; i++) {
      other.write(one);
      const [answer] = (await once(other, 'data')) as [Buffer];
      expect(answer.toString()).to.match(/^HTTP\/1\.1 200 /);
    }
  });

  it('answers 500 for a page that fails, without saying why, and goes on', async () => {
    const server = await started({
      '/page': page,
      '/throws': () => {
        throw new Error('secret');
      },
      '/rejects': () => Promise.reject(new Error('secret')),
    });
    for (const path of ['/throws', '/rejects']) {
      const answer = await exchange(server, get(path));
      expect(answer).to.match(/^HTTP\/1\.1 500 /);
      expect(answer).to.not.include('secret');
    }
    expect(await exchange(server, get('/page'))).to.match(/^HTTP\/1\.1 200 /);
  });

  it('refuses headers that are too large with 431 and what is no HTTP with 400', async () => {
    const server = await started();
    const large = get('/page', 'GET', `X-Large: ${'a'.repeat(9000)}\r\n`);
    expect(await exchange(server, large)).to.match(/^HTTP\/1\.1 431 /);
    expect(await exchange(server, '\x10\x0c\x00\x04MQTT')).to.match(/^HTTP\/1\.1 400 /);
    expect(await exchange(server, get('/page'))).to.match(/^HTTP\/1\.1 200 /);
  });

  it('closes what does not send its request in time', async () => {
    const server = await started({ '/page': page }, { headersTimeoutMs: 50 });
    const socket = open(server);
    socket.write('GET /page HTTP/1.1\r\n');
    expect(await text(socket)).to.match(/^HTTP\/1\.1 408 /);
  });

  it('closes what stays silent after its answer', async () => {
    const server = await started({ '/page': page }, { keepAliveTimeoutMs: 50 });
    const answer = await exchange(server, 'GET /page HTTP/1.1\r\nHost: x\r\n\r\n');
    expect(answer).to.match(/^HTTP\/1\.1 200 /);
  });

  it('closes connections over the limit as they come', async () => {
    const server = await started({ '/page': page }, { maxConnections: 2 });
    const first = [open(server), open(server)];
    await Promise.all(first.map((socket) => once(socket, 'connect')));
    // Answered, so that the server is known to have accepted both.
    for (const socket of first) {
      socket.write('GET /page HTTP/1.1\r\nHost: x\r\n\r\n');
      await once(socket, 'data');
    }
    expect(await exchange(server, get('/page')).catch(() => '')).to.equal('');
  });

  it('names the address when the port is taken [LMQTT_LISTEN_FAILED]', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    const server = new HttpServer({
      host: '127.0.0.1',
      port,
      routes: new Map(),
      clock: systemClock,
      logger: silentLogger,
    });
    const failure = await server.start().catch((error: unknown) => error);
    await server.stop();
    other.close();
    expect(failure).to.be.instanceOf(ListenError);
    expect((failure as ListenError).message).to.match(
      new RegExp(`^cannot listen on 127\\.0\\.0\\.1:${String(port)}: the port is in use`),
    );
  });

  it('stops at once with idle connections, and finishes an answer that is on its way', async () => {
    let release: () => void = () => {};
    const released = new Promise<void>((resolve) => (release = resolve));
    const asked = new Promise<void>((resolve) => {
      const slow: Route = async () => {
        resolve();
        await released;
        return page();
      };
      create({ '/slow': slow });
    });
    const server = servers[0]!;
    await server.start();
    const answer = exchange(server, get('/slow'));
    await asked;
    const stopped = server.stop();
    release();
    expect(await answer).to.match(/^HTTP\/1\.1 200 /);
    await stopped;
    await server.stop();
  });

  it('does not wait longer than its time for an answer that does not come', async () => {
    const never: Route = () => new Promise(() => {});
    const server = await started({ '/never': never }, { drainTimeoutMs: 50 });
    const answer = exchange(server, get('/never')).catch(() => '');
    await once(sockets[0]!, 'connect');
    await new Promise((resolve) => setTimeout(resolve, 20));
    await server.stop();
    expect(await answer).to.equal('');
  });
});
