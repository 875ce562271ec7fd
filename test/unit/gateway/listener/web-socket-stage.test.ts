import { expect } from 'chai';
import { once } from 'node:events';
import { Server } from 'node:http';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import sinon from 'sinon';
import type { WebSocket } from 'ws';
import { systemClock } from '../../../../src/common/clock.ts';
import { silentLogger } from '../../../../src/common/logger.ts';
import { GatewayStats } from '../../../../src/gateway/gateway-stats.ts';
import { WebSocketStage } from '../../../../src/gateway/listener/web-socket-stage.ts';
import { eventually, within } from '../../../helpers/eventually.ts';
import { frame, PINGREQ } from '../../../helpers/packets.ts';
import { dialSocket, type DialOptions, webSocketOver } from '../../../helpers/transport.ts';
import { ListenerWorld } from './listener-world.ts';

const UPGRADE = {
  Host: 'x',
  Connection: 'Upgrade',
  Upgrade: 'websocket',
  'Sec-WebSocket-Version': '13',
  'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
} as const;
const MAX_PACKET = 64 * 1024;

describe('gateway: WebSocketStage', () => {
  let world: ListenerWorld;
  const sockets: Socket[] = [];

  beforeEach(async () => {
    world = new ListenerWorld(
      { webSocket: { path: '/mqtt' } },
      { maxPacketSize: MAX_PACKET, handshakeTimeoutMs: 1000 },
    );
    await world.listener.start();
  });
  afterEach(() => {
    for (const socket of sockets.splice(0)) socket.destroy();
    world.stop();
  });

  async function raw(): Promise<Socket> {
    const socket = await dialSocket('ws', { host: '127.0.0.1', port: world.port });
    socket.on('error', () => undefined);
    sockets.push(socket);
    return socket;
  }

  /** The whole answer to a request, once the server has closed. */
  async function answer(request: string): Promise<string> {
    const socket = await raw();
    let text = '';
    socket.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')));
    socket.write(request);
    await within('close', 3000, once(socket, 'close'));
    return text;
  }

  function request(line: string, headers: Readonly<Record<string, string>>): string {
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
    return `${line} HTTP/1.1\r\n${lines.join('')}\r\n`;
  }

  async function open(options: Partial<DialOptions> = {}): Promise<WebSocket> {
    const full = { host: '127.0.0.1', port: world.port, ...options };
    const ws = webSocketOver(await raw(), full);
    ws.on('error', () => undefined);
    await once(ws, 'open');
    return ws;
  }

  async function closeCode(ws: WebSocket): Promise<number> {
    const [code] = (await within('close', 3000, once(ws, 'close'))) as [number];
    return code;
  }

  describe('upgrade', () => {
    it('answers 404 for another path, with an upgrade or without', async () => {
      expect(await answer(request('GET /', { Host: 'x' }))).to.match(/^HTTP\/1\.1 404 /);
      expect(await answer(request('GET /mqtt/', UPGRADE))).to.match(/^HTTP\/1\.1 404 /);
    });

    it('answers 405 for another method, and names the one', async () => {
      const post = await answer(request('POST /mqtt', { Host: 'x', 'Content-Length': '0' }));
      expect(post)
        .to.match(/^HTTP\/1\.1 405 /)
        .and.to.match(/^allow: GET\r$/im);
      expect(await answer(request('PUT /mqtt', UPGRADE))).to.match(/^HTTP\/1\.1 405 /);
    });

    it('answers 426 for a GET without an upgrade', async () => {
      const text = await answer(request('GET /mqtt?x=1', { Host: 'x' }));
      expect(text)
        .to.match(/^HTTP\/1\.1 426 /)
        .and.to.match(/^upgrade: websocket\r$/im);
    });

    it('answers 400 for what is no HTTP, and for headers that are too large', async () => {
      expect(await answer('\x10\x0c\x00\x04MQTT\r\n\r\n')).to.match(/^HTTP\/1\.1 400 /);
      const large = request('GET /mqtt', { ...UPGRADE, Cookie: 'x'.repeat(20_000) });
      expect(await answer(large)).to.match(/^HTTP\/1\.1 400 /);
      expect(world.stats.webSocketErrors).to.equal(2);
    });

    it('reads one request of a connection, however many come', async () => {
      const emit = sinon.spy(Server.prototype, 'emit');
      const text = await answer(request('GET /', { Host: 'x' }).repeat(1000));
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
      const socket = await raw();
      const whole = request('GET /mqtt', UPGRADE);
      for (const byte of whole) socket.write(byte);
      const [bytes] = (await once(socket, 'data')) as [Buffer];
      expect(bytes.toString()).to.match(/^HTTP\/1\.1 101 /);
      const cut = await raw();
      cut.resume();
      cut.end(whole.slice(0, -1));
      await within('close', 2000, once(cut, 'close'));
      expect(world.echoes).to.have.lengthOf(1);
    });

    it('refuses a client that offers other subprotocols only [MQTT-6.0.0-3]', async () => {
      const offer = { ...UPGRADE, 'Sec-WebSocket-Protocol': 'chat, MQTT' };
      expect(await answer(request('GET /mqtt', offer))).to.match(/^HTTP\/1\.1 400 /);
      expect(world.echoes).to.have.lengthOf(0);
    });

    it('chooses mqtt before mqttv3.1 [MQTT-6.0.0-4]', async () => {
      expect((await open({ protocols: ['mqttv3.1', 'mqtt'] })).protocol).to.equal('mqtt');
      expect((await open({ protocols: ['chat', 'mqttv3.1'] })).protocol).to.equal('mqttv3.1');
      expect((await open({ protocols: [] })).protocol).to.equal('');
    });

    it('takes a query behind the path', async () => {
      await open({ path: '/mqtt?token=1' });
      expect(world.echoes).to.have.lengthOf(1);
    });

    it('agrees on no compression', async () => {
      const socket = await raw();
      const offer = { ...UPGRADE, 'Sec-WebSocket-Extensions': 'permessage-deflate' };
      socket.write(request('GET /mqtt', offer));
      const [bytes] = (await once(socket, 'data')) as [Buffer];
      expect(bytes.toString()).to.match(/^HTTP\/1\.1 101 /);
      expect(bytes.toString().toLowerCase()).not.to.include('sec-websocket-extensions');
    });

    it('takes frames that come in one segment with the request', async () => {
      const socket = await raw();
      const xy = Buffer.from('8282000000007879', 'hex');
      socket.write(Buffer.concat([Buffer.from(request('GET /mqtt', UPGRADE)), xy]));
      await eventually('xy', () => world.echoes[0]?.received.toString() === 'xy');
    });
  });

  describe('frames', () => {
    it('closes with 1003 on a text frame [MQTT-6.0.0-1]', async () => {
      const ws = await open();
      const code = closeCode(ws);
      ws.send('text');
      expect(await code).to.equal(1003);
      expect(world.echoes[0]!.closes).to.equal(1);
      expect(world.echoes[0]!.received).to.have.lengthOf(0);
      expect(world.stats.webSocketErrors).to.equal(1);
    });

    it('is one stream of bytes, however they are cut [MQTT-6.0.0-2]', async () => {
      const ws = await open();
      const bytes = Buffer.from('0123456789abcdef'.repeat(20));
      for (const byte of bytes) ws.send(Buffer.from([byte]));
      ws.send(Buffer.concat([bytes, bytes]));
      ws.send(bytes.subarray(0, 100), { fin: false });
      ws.send(Buffer.alloc(0), { fin: false });
      ws.send(bytes.subarray(100), { fin: true });
      const all = Buffer.concat([bytes, bytes, bytes, bytes]);
      await eventually('all', () => world.echoes[0]!.received.length >= all.length);
      expect(world.echoes[0]!.received.equals(all)).to.equal(true);
    });

    it('sends binary messages only, one for each packet', async () => {
      const ws = await open();
      const messages: { data: Buffer; isBinary: boolean }[] = [];
      ws.on('message', (data: Buffer, isBinary) => messages.push({ data, isBinary }));
      const packets = [PINGREQ, frame(0x30, Buffer.alloc(50_000)), PINGREQ, PINGREQ];
      ws.send(Buffer.concat(packets));
      await eventually('answers', () => messages.length >= packets.length);
      expect(messages).to.deep.equal(packets.map((data) => ({ data, isBinary: true })));
    });

    it('takes a message of twice the largest packet and closes with 1009 on a larger one', async () => {
      const ws = await open();
      ws.send(Buffer.alloc(2 * MAX_PACKET));
      await eventually('all', () => world.echoes[0]!.received.length === 2 * MAX_PACKET);
      const code = closeCode(ws);
      ws.send(Buffer.alloc(2 * MAX_PACKET + 1));
      expect(await code).to.equal(1009);
      expect(world.echoes[0]!.closes).to.equal(1);
    });

    it('closes on a frame that is not masked, and on reserved bits', async () => {
      for (const wrong of ['820178', 'f2810000000078']) {
        const socket = await raw();
        socket.write(request('GET /mqtt', UPGRADE));
        await once(socket, 'data');
        const closed = once(socket, 'close');
        socket.resume();
        socket.write(Buffer.from(wrong, 'hex'));
        await eventually('end', () => world.echoes.at(-1)?.closes === 1);
        await within('close', 2000, closed);
      }
      expect(world.echoes).to.have.lengthOf(2);
    });

    it('answers pings', async () => {
      const ws = await open();
      const pong = once(ws, 'pong');
      ws.ping('beat');
      expect(String((await within('pong', 2000, pong))[0])).to.equal('beat');
    });

    it('keeps no answers to pings for a peer that does not read', async () => {
      const socket = await raw();
      const ws = webSocketOver(socket, { host: '127.0.0.1', port: world.port });
      await once(ws, 'open');
      ws.pause();
      const ping = Buffer.alloc(120, 1);
      for (let round = 0; round < 100; round++) {
        for (let i = 0; i < 1000; i++) ws.ping(ping);
        if (socket.writableNeedDrain) await Promise.race([once(socket, 'drain'), turn()]);
      }
      ws.send(Buffer.from('x'));
      await eventually('x', () => world.echoes[0]!.received.length === 1, 5000);
    }).timeout(20_000);

    it('answers the close frame of the client', async () => {
      const ws = await open();
      const code = closeCode(ws);
      ws.close(1000);
      expect(await code).to.equal(1000);
      await eventually('end', () => world.echoes[0]!.closes === 1);
    });

    it('closes with 1000 when the server ends, also while it does not read', async () => {
      const ws = await open();
      world.echoes[0]!.connection.pause();
      const code = closeCode(ws);
      world.echoes[0]!.connection.end();
      expect(await code).to.equal(1000);
    });
  });

  describe('back-pressure', () => {
    it('makes the connection congested while the peer does not read, and lets go when it does', async () => {
      const ws = await open();
      ws.pause();
      const { connection } = world.echoes[0]!;
      let sent = 0;
      const packet = frame(0x30, Buffer.alloc(65_532));
      while (!connection.congested && sent < 64 * 1024 * 1024) {
        connection.out.append(packet, 0, 65_536);
        connection.flush();
        sent += 65_536;
        await turn();
      }
      expect(connection.congested).to.equal(true);
      let received = 0;
      ws.on('message', (data: Buffer) => (received += data.length));
      ws.resume();
      await eventually('drained', () => !connection.congested);
      await eventually('all', () => received === sent);
    });

    it('reads no more while paused, and loses nothing', async () => {
      const ws = await open();
      const echo = world.echoes[0]!;
      echo.connection.pause();
      for (let i = 0; i < 300; i++) ws.send(Buffer.alloc(10_000, i));
      await turn();
      expect(echo.received).to.have.lengthOf(0);
      echo.connection.resume();
      await eventually('all', () => echo.received.length === 3_000_000);
    });

    it('hands over what came before the close of the client while paused', async () => {
      const ws = await open();
      const echo = world.echoes[0]!;
      echo.connection.pause();
      ws.send(Buffer.from('last words'));
      ws.close();
      await new Promise((resolve) => setTimeout(resolve, 50));
      expect(echo.closes).to.equal(0);
      echo.connection.resume();
      await eventually('end', () => echo.closes === 1);
      expect(echo.received.toString()).to.equal('last words');
    });
  });
});

async function turn(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}
