import { expect } from 'chai';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import type { ConnectionOptions } from 'node:tls';
import { systemClock } from '../../../../src/common/clock.ts';
import { GatewayStats } from '../../../../src/gateway/gateway-stats.ts';
import { ClientCertificate } from '../../../../src/gateway/listener/listener-options.ts';
import { TlsStage } from '../../../../src/gateway/listener/tls-stage.ts';
import { type CertificateFiles, TestAuthority } from '../../../helpers/certificates.ts';
import { eventually } from '../../../helpers/eventually.ts';
import { makeTempDir, removeTempDir } from '../../../helpers/temp-dir.ts';
import { TlsWorld } from './tls-world.ts';

describe('gateway: TlsStage', () => {
  let tls: TlsWorld;

  before(async () => {
    tls = await TlsWorld.create();
  });
  after(() => tls.remove());
  afterEach(() => {
    tls.clear();
  });

  function certificate({ cert, key }: CertificateFiles): ConnectionOptions {
    return { cert: readFileSync(cert), key: readFileSync(key) };
  }

  describe('client certificates', () => {
    const modes = [
      [ClientCertificate.OPTIONAL, true],
      [ClientCertificate.REQUIRED, false],
    ] as const;
    for (const [clientCertificate, isServedWithout] of modes) {
      it(`${clientCertificate}: serves a good one, refuses one of another authority`, async () => {
        const made = await tls.started({ clientCertificate, sslCaCertFile: tls.authority.caFile });
        const good = certificate(tls.authority.client('/CN=device-1'));
        expect(await tls.isServed(tls.dial(made, good))).to.equal(true);
        expect(await tls.isServed(tls.dial(made))).to.equal(isServedWithout);
        const directoryOfOther = await makeTempDir();
        const stranger = new TestAuthority(directoryOfOther, 'another').client('/CN=device-1');
        const before = made.stats.tlsErrors;
        expect(await tls.isServed(tls.dial(made, certificate(stranger)))).to.equal(false);
        expect(made.stats.tlsErrors).to.equal(before + 1);
        await removeTempDir(directoryOfOther);
      });
    }

    it('names the client by its common name when told to', async () => {
      const mutual = { clientCertificate: ClientCertificate.OPTIONAL } as const;
      const options = { ...mutual, sslCaCertFile: tls.authority.caFile };
      const client = certificate(tls.authority.client('/O=Works/CN=device-1'));
      const named = await tls.started({ ...options, usernameFromCertificate: true });
      for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
        expect(await tls.isServed(tls.dial(named, { ...client, maxVersion }))).to.equal(true);
        const { connection } = named.echoes.at(-1)!;
        expect(connection.certificateCommonName).to.equal('device-1');
        expect(connection.remoteAddress).to.equal('127.0.0.1');
      }
      expect(await tls.isServed(tls.dial(named))).to.equal(true);
      expect(named.echoes.at(-1)!.connection.certificateCommonName).to.equal(undefined);
      const unnamed = await tls.started(options);
      expect(await tls.isServed(tls.dial(unnamed, client))).to.equal(true);
      expect(unnamed.echoes[0]!.connection.certificateCommonName).to.equal(undefined);
    });

    it('knows the name in a resumed session too', async () => {
      const made = await tls.started({
        clientCertificate: ClientCertificate.REQUIRED,
        sslCaCertFile: tls.authority.caFile,
        usernameFromCertificate: true,
      });
      const client = certificate(tls.authority.client('/CN=device-1'));
      for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
        const first = tls.dial(made, { ...client, maxVersion });
        const ticket = once(first, 'session');
        expect(await tls.isServed(first)).to.equal(true);
        const [session] = (await ticket) as [Buffer];
        const second = tls.dial(made, { ...client, maxVersion, session });
        expect(await tls.isServed(second)).to.equal(true);
        expect(second.isSessionReused()).to.equal(true);
        expect(made.echoes.at(-1)!.connection.certificateCommonName).to.equal('device-1');
      }
    });

    for (const subject of ['/O=Works', '/CN=a/CN=b']) {
      it(`refuses a certificate of ${subject} when the common name is the user name`, async () => {
        const made = await tls.started({
          clientCertificate: ClientCertificate.OPTIONAL,
          sslCaCertFile: tls.authority.caFile,
          usernameFromCertificate: true,
        });
        const client = certificate(tls.authority.client(subject));
        expect(await tls.isServed(tls.dial(made, client))).to.equal(false);
        expect(made.stats.tlsErrors).to.equal(1);
      });
    }
  });

  it('refuses versions below the least one and counts that', async () => {
    const made = await tls.started({ minVersion: 'TLSv1.3' });
    expect(await tls.isServed(tls.dial(made, { maxVersion: 'TLSv1.2' }))).to.equal(false);
    await eventually('count', () => made.stats.tlsErrors === 1);
    expect(await tls.isServed(tls.dial(made))).to.equal(true);
    const old = await tls.started();
    const legacy: ConnectionOptions = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1' };
    expect(
      await tls.isServed(tls.dial(old, { ...legacy, ciphers: 'DEFAULT@SECLEVEL=0' })),
    ).to.equal(false);
  });

  it('offers the configured ciphers only', async () => {
    const made = await tls.started({ ciphers: 'ECDHE-ECDSA-AES256-GCM-SHA384' });
    const socket = tls.dial(made, { maxVersion: 'TLSv1.2' });
    expect(await tls.isServed(socket)).to.equal(true);
    expect(socket.getCipher().name).to.equal('ECDHE-ECDSA-AES256-GCM-SHA384');
  });

  it('begins no more handshakes in a turn than there is time for, when many come at once', async () => {
    let milliseconds = 0;
    const stats = new GatewayStats();
    const stage = new TlsStage({
      tls: tls.options({}),
      handshakeTimeoutMs: 5000,
      stats,
      logger: tls.logger,
      // Each look at it is a millisecond.
      clock: { ...systemClock, monotonic: () => milliseconds++ },
      onSecure: () => undefined,
    });
    await stage.start();
    const accepting = createServer((socket) => {
      socket.on('error', () => undefined);
      stage.accept(socket, undefined);
    }).listen(0, '127.0.0.1');
    await once(accepting, 'listening');
    const { port } = accepting.address() as AddressInfo;
    const clients = Array.from({ length: 40 }, () => connect(port, '127.0.0.1').resume());
    for (const client of clients) client.on('error', () => undefined);
    await Promise.all(clients.map((client) => once(client, 'connect')));
    const inTurns: number[] = [];
    let seen = 0;
    // It fails at once, so that what a turn has begun can be counted.
    for (const client of clients) client.write(Buffer.from('1603010004ff000000', 'hex'));
    while (seen < clients.length && inTurns.length < 10_000) {
      await new Promise((resolve) => setImmediate(resolve));
      inTurns.push(stats.tlsErrors - seen);
      seen = stats.tlsErrors;
    }
    stage.stop();
    accepting.close();
    for (const client of clients) client.destroy();
    expect(seen).to.equal(clients.length);
    expect(Math.max(...inTurns)).to.be.at.most(5);
  });
});
