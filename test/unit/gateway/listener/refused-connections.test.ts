import { expect } from 'chai';
import { readFileSync } from 'node:fs';
import type { Duplex } from 'node:stream';
import {
  ClientCertificate,
  type ListenerOptions,
} from '../../../../src/gateway/listener/listener-options.ts';
import { TestAuthority } from '../../../helpers/certificates.ts';
import { eventually } from '../../../helpers/eventually.ts';
import { connect, connack } from '../../../helpers/packets.ts';
import { connect5, decode5 } from '../../../helpers/packets5.ts';
import { RawClient } from '../../../helpers/raw-client.ts';
import { makeTempDir, removeTempDir } from '../../../helpers/temp-dir.ts';
import { dial, type TransportName, TRANSPORTS } from '../../../helpers/transport.ts';
import { ListenerWorld, type ListenerWorldOptions } from './listener-world.ts';

const SERVER_UNAVAILABLE = 3;
const QUOTA_EXCEEDED = 0x97;
const CONNECTION_RATE_EXCEEDED = 0x9f;

describe('gateway: RefusedConnections', () => {
  let directory: string;
  let settings: Record<TransportName, Omit<ListenerOptions, 'host' | 'port'>>;
  let ca: Buffer;
  const worlds: ListenerWorld[] = [];
  const streams: Duplex[] = [];

  before(async () => {
    directory = await makeTempDir();
    const authority = new TestAuthority(directory);
    const { cert, key } = authority.server();
    ca = readFileSync(authority.caFile);
    const tls = {
      sslServerCertFile: cert,
      sslServerKeyFile: key,
      clientCertificate: ClientCertificate.NONE,
      minVersion: 'TLSv1.2' as const,
      ciphers: undefined,
      usernameFromCertificate: false,
      reloadIntervalMs: 0,
    };
    const webSocket = { path: '/mqtt' };
    settings = { mqtt: {}, mqtts: { tls }, ws: { webSocket }, wss: { tls, webSocket } };
  });
  after(() => removeTempDir(directory));
  afterEach(() => {
    for (const stream of streams.splice(0)) stream.destroy();
    for (const world of worlds.splice(0)) world.stop();
  });

  async function start(
    transport: TransportName,
    options: Partial<ListenerOptions>,
    world: ListenerWorldOptions = {},
  ): Promise<ListenerWorld> {
    const made = new ListenerWorld(
      { ...settings[transport], ...options },
      { refusedAtOnce: 2, ...world },
    );
    worlds.push(made);
    await made.listener.start();
    return made;
  }

  async function open(world: ListenerWorld, transport: TransportName): Promise<RawClient> {
    const stream = await dial(transport, { host: '127.0.0.1', port: world.port, tls: { ca } });
    stream.on('error', () => undefined);
    streams.push(stream);
    return RawClient.over(stream);
  }

  for (const transport of TRANSPORTS) {
    it(`answers CONNECT over ${transport} with the reason, then closes`, async () => {
      const world = await start(transport, {}, { maxConnections: 0 });
      const client = await open(world, transport);
      client.send(connect({ clientId: 'a' }));
      await client.expect(connack(SERVER_UNAVAILABLE, false));
      await client.expectClose();
      const client5 = await open(world, transport);
      client5.send(connect5({ clientId: 'a' }));
      const { first, body } = await client5.readFrame();
      expect(decode5(first, body)).to.include({ type: 'connack', code: QUOTA_EXCEEDED });
      await client5.expectClose();
      expect(world.stats.connectionsRefused).to.equal(2);
      expect(world.echoes).to.have.lengthOf(0);
    });
  }

  for (const [what, world, code] of [
    ['rate', { limits: { maxConnectionRate: 1 } }, CONNECTION_RATE_EXCEEDED],
    ['address', { limits: { maxConnectionsPerIp: 1 } }, QUOTA_EXCEEDED],
  ] as const) {
    it(`says which limit it was: ${what}`, async () => {
      const made = await start('mqtt', {}, world);
      await open(made, 'mqtt');
      const client = await open(made, 'mqtt');
      client.send(connect5({ clientId: 'a' }));
      const { first, body } = await client.readFrame();
      expect(decode5(first, body)).to.include({ type: 'connack', code });
    });
  }

  it('closes at once when there are too many of them', async () => {
    const world = await start('mqtt', {}, { maxConnections: 0 });
    const first = await open(world, 'mqtt');
    await open(world, 'mqtt');
    await (await open(world, 'mqtt')).expectClose(500);
    first.send(connect({ clientId: 'a' }));
    await first.expect(connack(SERVER_UNAVAILABLE, false));
    streams[0]!.destroy();
    await eventually('a free place', async () => {
      const client = await open(world, 'mqtt');
      client.send(connect({ clientId: 'a' }));
      return client.readFrame(200).then(
        ({ first: type }) => type === 0x20,
        () => false,
      );
    });
  });

  it('closes on anything but a CONNECT, on a large one, and when none comes', async () => {
    for (const bytes of ['c0 00', '10 ff ff 7f 00', '10 ff ff ff ff 7f', '10']) {
      const world = await start('mqtt', {}, { maxConnections: 0 });
      const client = await open(world, 'mqtt');
      client.send(bytes);
      await client.expectClose(2000);
    }
  });

  it('has limits of the listener besides those of all', async () => {
    const connectionLimits = { maxConnectionsPerIp: 2, maxConnectionRate: 0 };
    const own = await start('mqtt', { settings: { maxConnections: 1 } });
    const perIp = await start('mqtt', { settings: { connectionLimits } });
    const rate = await start('mqtt', {
      settings: { connectionLimits: { maxConnectionsPerIp: 0, maxConnectionRate: 1 } },
    });
    for (const [world, admitted, counter] of [
      [own, 1, 'connectionsRefused'],
      [perIp, 2, 'connectionsRefusedByIp'],
      [rate, 1, 'connectionsRefusedByRate'],
    ] as const) {
      for (let i = 0; i < admitted; i++) await open(world, 'mqtt');
      const refused = await open(world, 'mqtt');
      refused.send(connect({ clientId: 'a' }));
      await refused.expect(connack(SERVER_UNAVAILABLE, false));
      expect(world.stats[counter]).to.equal(1);
      expect(world.open).to.equal(admitted);
    }
    streams[0]!.destroy();
    await eventually('room', () => own.open === 0);
    await eventually('one more', async () => {
      await open(own, 'mqtt');
      return own.open === 1;
    });
  });
});
