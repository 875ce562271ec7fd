import { expect } from 'chai';
import fc from 'fast-check';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { Duplex } from 'node:stream';
import {
  ClientCertificate,
  type ListenerOptions,
  type TlsOptions,
} from '../../../../src/gateway/listener/listener-options.ts';
import { TestAuthority } from '../../../helpers/certificates.ts';
import { eventually, within } from '../../../helpers/eventually.ts';
import { frame, PINGREQ } from '../../../helpers/packets.ts';
import { makeTempDir, removeTempDir } from '../../../helpers/temp-dir.ts';
import {
  dial,
  dialSocket,
  type DialOptions,
  type TransportName,
  TRANSPORTS,
} from '../../../helpers/transport.ts';
import { ListenerWorld, type ListenerWorldOptions } from './listener-world.ts';

/** A WebSocket message of this size is accepted. */
const PIECE = 30_000;
const HELLO = frame(0x30, Buffer.from('hello'));
const PROXIED = Buffer.from('PROXY TCP4 203.0.113.9 192.0.2.1 40000 8883\r\n');

describe('gateway: MqttListener', () => {
  let directory: string;
  let tls: TlsOptions;
  let ca: Buffer;
  const worlds: ListenerWorld[] = [];
  const streams: Duplex[] = [];

  before(async () => {
    directory = await makeTempDir();
    const authority = new TestAuthority(directory);
    const { cert, key } = authority.server();
    ca = readFileSync(authority.caFile);
    tls = {
      sslServerCertFile: cert,
      sslServerKeyFile: key,
      clientCertificate: ClientCertificate.NONE,
      minVersion: 'TLSv1.2',
      ciphers: undefined,
      usernameFromCertificate: false,
      reloadIntervalMs: 0,
    };
  });
  after(() => removeTempDir(directory));
  afterEach(() => {
    for (const stream of streams.splice(0)) stream.destroy();
    for (const world of worlds.splice(0)) world.stop();
  });

  async function start(
    transport: TransportName,
    options: Partial<ListenerOptions> = {},
    world: ListenerWorldOptions = {},
  ): Promise<ListenerWorld> {
    const listens = new ListenerWorld(
      {
        ...(transport === 'mqtts' || transport === 'wss' ? { tls } : {}),
        ...(transport === 'ws' || transport === 'wss' ? { webSocket: { path: '/mqtt' } } : {}),
        ...options,
      },
      world,
    );
    worlds.push(listens);
    await listens.listener.start();
    return listens;
  }

  function addressOf(world: ListenerWorld): DialOptions {
    return { host: '127.0.0.1', port: world.port, tls: { ca } };
  }

  async function open(
    world: ListenerWorld,
    transport: TransportName,
    options: Partial<DialOptions> = {},
  ): Promise<Duplex> {
    const stream = await dial(transport, { ...addressOf(world), ...options });
    stream.on('error', () => undefined);
    streams.push(stream);
    return stream;
  }

  async function echoed(stream: Duplex, bytes: Buffer): Promise<Buffer> {
    let received = Buffer.alloc(0);
    stream.on('data', (chunk: Buffer) => (received = Buffer.concat([received, chunk])));
    for (let at = 0; at < bytes.length; at += PIECE) stream.write(bytes.subarray(at, at + PIECE));
    await eventually(`${String(bytes.length)} bytes`, () => received.length >= bytes.length);
    return received;
  }

  for (const transport of TRANSPORTS) {
    describe(`over ${transport}`, () => {
      it('says where and what it is', async () => {
        const world = await start(transport);
        expect(world.listener.address).to.include({ host: '127.0.0.1', transport });
        const isWebSocket = transport === 'ws' || transport === 'wss';
        expect(world.listener.address.path).to.equal(isWebSocket ? '/mqtt' : undefined);
      });

      it('carries bytes both ways, few and many, and leaves nothing pending', async () => {
        const world = await start(transport);
        const stream = await open(world, transport);
        expect(await echoed(stream, HELLO)).to.deep.equal(HELLO);
        stream.removeAllListeners('data');
        const large = frame(0x30, Buffer.alloc(300_000, 'abcdefg'));
        expect((await echoed(stream, large)).equals(large)).to.equal(true);
        expect(world.pending.size).to.equal(0);
        expect(world.echoes[0]!.connection.remoteAddress).to.equal('127.0.0.1');
      });

      it('tells of the end once, whoever ends it', async () => {
        const world = await start(transport);
        const first = await open(world, transport);
        await echoed(first, PINGREQ);
        first.end();
        await eventually('its end', () => world.echoes[0]!.closes === 1);
        const second = await open(world, transport);
        await echoed(second, PINGREQ);
        const ended = once(second, 'end');
        world.echoes[1]!.connection.end();
        await within('end', 2000, ended);
        expect(world.echoes.map(({ closes }) => closes)).to.deep.equal([1, 1]);
        const third = await open(world, transport);
        await echoed(third, PINGREQ);
        third.destroy();
        await eventually('its end', () => world.echoes[2]!.closes === 1);
      });

      it('sends what is waiting before it closes', async () => {
        const world = await start(transport);
        const stream = await open(world, transport);
        await echoed(stream, PINGREQ);
        stream.removeAllListeners('data');
        let received = 0;
        stream.on('data', (chunk: Buffer) => (received += chunk.length));
        const { connection } = world.echoes[0]!;
        const packet = frame(0x30, Buffer.alloc(200_000, 1));
        connection.out.append(packet, 0, packet.length);
        connection.end();
        await within('close', 3000, once(stream, 'end'));
        expect(received).to.equal(packet.length);
      });

      it('hands over what the peer sent before its end, while it is not read', async () => {
        const world = await start(transport);
        const stream = await open(world, transport);
        await eventually('connection', () => world.echoes.length === 1);
        const echo = world.echoes[0]!;
        echo.connection.pause();
        stream.end('last words');
        await new Promise((resolve) => setTimeout(resolve, 50));
        expect(echo.closes).to.equal(0);
        echo.connection.resume();
        await eventually('its end', () => echo.closes === 1);
        expect(echo.received.toString()).to.equal('last words');
      });

      it('takes the address from a PROXY header in front of everything', async () => {
        const world = await start(transport, { proxyProtocol: true });
        const stream = await open(world, transport, { preamble: PROXIED });
        expect(await echoed(stream, HELLO)).to.deep.equal(HELLO);
        const { connection } = world.echoes[0]!;
        expect(connection.remoteAddress).to.equal('203.0.113.9');
        expect(connection.remotePort).to.equal(40_000);
        expect(world.pending.size).to.equal(0);
      });

      it('closes a connection without the PROXY header that it expects', async () => {
        const world = await start(transport, { proxyProtocol: true });
        const socket = await dialSocket('mqtt', addressOf(world));
        streams.push(socket);
        socket.on('error', () => undefined);
        socket.write(Buffer.from('100d00044d51545404020000000161', 'hex'));
        await within('close', 2000, once(socket, 'close'));
        expect(world.stats.proxyProtocolErrors).to.equal(1);
        expect(world.echoes).to.have.lengthOf(0);
      });

      it('counts connections by address from accept to end', async () => {
        const world = await start(transport, {}, { limits: { maxConnectionsPerIp: 2 } });
        const first = await open(world, transport);
        await open(world, transport);
        const refused = await dialSocket('mqtt', addressOf(world));
        refused.on('error', () => undefined);
        refused.resume();
        await within('close', 2000, once(refused, 'close'));
        expect(world.stats.connectionsRefusedByIp).to.equal(1);
        first.destroy();
        await eventually('room', () => world.open === 1);
        await eventually('one more', () =>
          open(world, transport).then(
            () => true,
            () => false,
          ),
        );
      });
    });
  }

  for (const transport of ['mqtts', 'ws', 'wss'] as const) {
    for (const proxyProtocol of [false, true]) {
      const where = `${transport}${proxyProtocol ? ' behind a proxy' : ''}`;
      it(`survives garbage, cuts and resets over ${where}, and keeps nothing of them`, async () => {
        const limits = { maxConnectionsPerIp: 1000 };
        const world = await start(transport, { proxyProtocol }, { limits });
        const beginnings = fc.constantFrom(
          PROXIED,
          Buffer.from('GET /mqtt HTTP/1.1\r\nUpgrade: websocket\r\n'),
          Buffer.concat([PROXIED, Buffer.from('GET /mqtt HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\n')]),
          Buffer.concat([PROXIED, Buffer.from('160301004e0100004a0303', 'hex')]),
          Buffer.from('160301', 'hex'),
          Buffer.alloc(0),
        );
        const endings = fc.constantFrom('end', 'reset', 'destroy');
        const attempts = fc.tuple(beginnings, fc.uint8Array({ maxLength: 300 }), endings);
        const attempt = fc.asyncProperty(attempts, async ([beginning, rest, ending]) => {
          const socket = await dialSocket('mqtt', addressOf(world));
          socket.on('error', () => undefined);
          socket.resume();
          const closed = once(socket, 'close');
          const bytes = Buffer.concat([beginning, rest]);
          await new Promise((resolve) => socket.write(bytes, resolve));
          if (ending === 'end') socket.end();
          else if (ending === 'reset') socket.resetAndDestroy();
          else socket.destroy();
          await within('close', 3000, closed);
        });
        await fc.assert(attempt, { numRuns: 100 });
        await eventually('nothing pending', () => world.pending.size + world.open === 0);
        const stream = await open(world, transport, proxyProtocol ? { preamble: PROXIED } : {});
        expect(await echoed(stream, PINGREQ)).to.deep.equal(PINGREQ);
      }).timeout(20_000);
    }

    it(`closes a connection over ${transport} that does not finish its handshake`, async () => {
      const world = await start(transport, {}, { handshakeTimeoutMs: 100 });
      const socket = await dialSocket('mqtt', addressOf(world));
      streams.push(socket);
      socket.on('error', () => undefined);
      socket.resume();
      socket.write(transport === 'ws' ? 'GET /mqtt HTTP/1.1\r\n' : Buffer.from([0x16, 3, 1]));
      await within('close', 2000, once(socket, 'close'));
      expect(world.pending.size).to.equal(0);
      expect(world.stats.handshakeTimeouts + world.stats.tlsErrors).to.be.greaterThan(0);
    });
  }

  it('closes a connection whose PROXY header does not come', async () => {
    const world = await start('mqtt', { proxyProtocol: true }, { handshakeTimeoutMs: 100 });
    const socket = await dialSocket('mqtt', addressOf(world));
    streams.push(socket);
    socket.resume();
    socket.write('PROXY TCP4 ');
    await within('close', 2000, once(socket, 'close'));
    expect(world.stats.handshakeTimeouts).to.equal(1);
  });

  it('uses the real address when the proxy speaks for itself', async () => {
    const world = await start('mqtt', { proxyProtocol: true });
    const local = Buffer.from('0d0a0d0a000d0a515549540a20000000', 'hex');
    const stream = await open(world, 'mqtt', { preamble: local });
    await echoed(stream, PINGREQ);
    expect(world.echoes[0]!.connection.remoteAddress).to.equal('127.0.0.1');
  });

  it('limits how many connections come in a second', async () => {
    const world = await start('mqtt', {}, { limits: { maxConnectionRate: 3 } });
    for (let i = 0; i < 10; i++) {
      const socket = await dialSocket('mqtt', addressOf(world));
      socket.on('error', () => undefined);
      streams.push(socket);
    }
    await eventually('ten', () => world.stats.connectionsAccepted === 10);
    expect(world.echoes.length).to.be.within(3, 4);
    expect(world.stats.connectionsRefusedByRate).to.equal(10 - world.echoes.length);
  });

  it('counts sockets in their handshake against the limit of connections', async () => {
    const world = await start('ws', {}, { maxConnections: 1 });
    streams.push(await dialSocket('mqtt', addressOf(world)));
    await eventually('pending', () => world.pending.size === 1);
    const refused = await dialSocket('mqtt', addressOf(world));
    refused.on('error', () => undefined);
    refused.resume();
    await within('close', 2000, once(refused, 'close'));
    expect(world.stats.connectionsRefused).to.equal(1);
  });
});
