import { expect } from 'chai';
import { once } from 'node:events';
import { Server } from 'node:http';
import { type AddressInfo, connect, createServer } from 'node:net';
import sinon from 'sinon';
import { systemClock } from '../../../../src/common/clock.ts';
import { silentLogger } from '../../../../src/common/logger.ts';
import { GatewayStats } from '../../../../src/gateway/gateway-stats.ts';
import { WebSocketStage } from '../../../../src/gateway/listener/web-socket-stage.ts';
import { eventually, within } from '../../../helpers/eventually.ts';
import { MAX_PACKET, request, UPGRADE, WebSocketWorld } from './web-socket-world.ts';

describe('gateway: upgrade to WebSocket', () => {
  let world: WebSocketWorld;

  beforeEach(async () => {
    world = new WebSocketWorld();
    await world.listener.start();
  });
  afterEach(() => {
    world.stop();
  });

  it('answers 404 for another path, with an upgrade or without', async () => {
    expect(await world.answer(request('GET /', { Host: 'x' }))).to.match(/^HTTP\/1\.1 404 /);
    expect(await world.answer(request('GET /mqtt/', UPGRADE))).to.match(/^HTTP\/1\.1 404 /);
  });

  it('answers 405 for another method, and names the one', async () => {
    const post = await world.answer(request('POST /mqtt', { Host: 'x', 'Content-Length': '0' }));
    expect(post)
      .to.match(/^HTTP\/1\.1 405 /)
      .and.to.match(/^allow: GET\r$/im);
    expect(await world.answer(request('PUT /mqtt', UPGRADE))).to.match(/^HTTP\/1\.1 405 /);
  });

  it('answers 426 for a GET without an upgrade', async () => {
    const text = await world.answer(request('GET /mqtt?x=1', { Host: 'x' }));
    expect(text)
      .to.match(/^HTTP\/1\.1 426 /)
      .and.to.match(/^upgrade: websocket\r$/im);
  });

  it('answers 400 for what is no HTTP, and for headers that are too large', async () => {
    expect(await world.answer('\x10\x0c\x00\x04MQTT\r\n\r\n')).to.match(/^HTTP\/1\.1 400 /);
    const large = request('GET /mqtt', { ...UPGRADE, Cookie: 'x'.repeat(20_000) });
    expect(await world.answer(large)).to.match(/^HTTP\/1\.1 400 /);
    expect(world.stats.webSocketErrors).to.equal(2);
  });

  it('reads one request of a connection, however many come', async () => {
    const emit = sinon.spy(Server.prototype, 'emit');
    const text = await world.answer(request('GET /', { Host: 'x' }).repeat(1000));
    emit.restore();
    expect(text.match(/HTTP\/1\.1 /g)).to.have.lengthOf(1);
    expect(
      emit.getCalls().filter(({ args }) => (args[0] as string) === 'request'),
    ).to.have.lengthOf(1);
  });

  it('handles no more requests in a turn than there is time for, when many come at once', async () => {
    let milliseconds = 0;
    const stats = new GatewayStats();
    const stage = new WebSocketStage({
      webSocket: { path: '/mqtt' },
      maxPacketSize: MAX_PACKET,
      stats,
      logger: silentLogger,
      // Each look at it is a millisecond.
      clock: { ...systemClock, monotonic: () => milliseconds++ },
      onStream: () => undefined,
    });
    const accepting = createServer((socket) => {
      stage.accept(socket, socket, undefined);
    }).listen(0, '127.0.0.1');
    await once(accepting, 'listening');
    const { port } = accepting.address() as AddressInfo;
    const clients = Array.from({ length: 40 }, () => connect(port, '127.0.0.1').resume());
    await Promise.all(clients.map((client) => once(client, 'connect')));
    for (const client of clients) client.write('NONE / HTTP/1.1\r\n\r\n');
    const inTurns: number[] = [];
    let seen = 0;
    while (seen < clients.length && inTurns.length < 10_000) {
      await new Promise((resolve) => setImmediate(resolve));
      inTurns.push(stats.webSocketErrors - seen);
      seen = stats.webSocketErrors;
    }
    accepting.close();
    for (const client of clients) client.destroy();
    expect(seen).to.equal(clients.length);
    expect(Math.max(...inTurns)).to.be.at.most(5);
  });

  it('takes a request byte by byte, and closes when its peer ends in the middle', async () => {
    const socket = await world.raw();
    const whole = request('GET /mqtt', UPGRADE);
    for (const byte of whole) socket.write(byte);
    const [bytes] = (await once(socket, 'data')) as [Buffer];
    expect(bytes.toString()).to.match(/^HTTP\/1\.1 101 /);
    const cut = await world.raw();
    cut.resume();
    cut.end(whole.slice(0, -1));
    await within('close', 2000, once(cut, 'close'));
    expect(world.echoes).to.have.lengthOf(1);
  });

  it('refuses a client that offers other subprotocols only [MQTT-6.0.0-3]', async () => {
    const offer = { ...UPGRADE, 'Sec-WebSocket-Protocol': 'chat, MQTT' };
    expect(await world.answer(request('GET /mqtt', offer))).to.match(/^HTTP\/1\.1 400 /);
    expect(world.echoes).to.have.lengthOf(0);
  });

  it('chooses mqtt before mqttv3.1 [MQTT-6.0.0-4]', async () => {
    expect((await world.openSocket({ protocols: ['mqttv3.1', 'mqtt'] })).protocol).to.equal('mqtt');
    expect((await world.openSocket({ protocols: ['chat', 'mqttv3.1'] })).protocol).to.equal(
      'mqttv3.1',
    );
    expect((await world.openSocket({ protocols: [] })).protocol).to.equal('');
  });

  it('takes a query behind the path', async () => {
    await world.openSocket({ path: '/mqtt?token=1' });
    expect(world.echoes).to.have.lengthOf(1);
  });

  it('agrees on no compression', async () => {
    const socket = await world.raw();
    const offer = { ...UPGRADE, 'Sec-WebSocket-Extensions': 'permessage-deflate' };
    socket.write(request('GET /mqtt', offer));
    const [bytes] = (await once(socket, 'data')) as [Buffer];
    expect(bytes.toString()).to.match(/^HTTP\/1\.1 101 /);
    expect(bytes.toString().toLowerCase()).not.to.include('sec-websocket-extensions');
  });

  it('takes frames that come in one segment with the request', async () => {
    const socket = await world.raw();
    const xy = Buffer.from('8282000000007879', 'hex');
    socket.write(Buffer.concat([Buffer.from(request('GET /mqtt', UPGRADE)), xy]));
    await eventually('xy', () => world.echoes[0]?.received.toString() === 'xy');
  });
});
