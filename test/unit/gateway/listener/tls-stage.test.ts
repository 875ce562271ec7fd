import { expect } from 'chai';
import { once } from 'node:events';
import { copyFileSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import { join } from 'node:path';
import { connect as connectTls, type ConnectionOptions, type TLSSocket } from 'node:tls';
import { systemClock } from '../../../../src/common/clock.ts';
import { ConfigError } from '../../../../src/common/errors.ts';
import { type Logger, silentLogger } from '../../../../src/common/logger.ts';
import { GatewayStats } from '../../../../src/gateway/gateway-stats.ts';
import {
  ClientCertificate,
  type TlsOptions,
} from '../../../../src/gateway/listener/listener-options.ts';
import { TlsStage } from '../../../../src/gateway/listener/tls-stage.ts';
import { type CertificateFiles, TestAuthority } from '../../../helpers/certificates.ts';
import { eventually, within } from '../../../helpers/eventually.ts';
import { makeTempDir, removeTempDir } from '../../../helpers/temp-dir.ts';
import { ListenerWorld } from './listener-world.ts';

describe('gateway: TlsStage', () => {
  let directory: string;
  let authority: TestAuthority;
  let server: CertificateFiles;
  let other: CertificateFiles;
  let lines: string[];
  const worlds: ListenerWorld[] = [];
  const sockets: TLSSocket[] = [];

  before(async () => {
    directory = await makeTempDir();
    authority = new TestAuthority(directory);
    server = authority.server();
    other = authority.server('other');
  });
  after(() => removeTempDir(directory));
  beforeEach(() => (lines = []));
  afterEach(() => {
    for (const socket of sockets.splice(0)) socket.destroy();
    for (const world of worlds.splice(0)) world.stop();
  });

  const note = (_fields: object, message: string): void => void lines.push(message);
  const logger: Logger = { ...silentLogger, info: note, warn: note, error: note };

  function tlsOptions(options: Partial<TlsOptions>): TlsOptions {
    return {
      sslServerCertFile: server.cert,
      sslServerKeyFile: server.key,
      clientCertificate: ClientCertificate.NONE,
      minVersion: 'TLSv1.2',
      ciphers: undefined,
      usernameFromCertificate: false,
      reloadIntervalMs: 0,
      ...options,
    };
  }

  function world(options: Partial<TlsOptions> = {}): ListenerWorld {
    const made = new ListenerWorld({ tls: tlsOptions(options) }, { logger });
    worlds.push(made);
    return made;
  }

  async function started(options: Partial<TlsOptions> = {}): Promise<ListenerWorld> {
    const made = world(options);
    await made.listener.start();
    return made;
  }

  function dial(to: ListenerWorld, options: ConnectionOptions = {}): TLSSocket {
    const ca = readFileSync(authority.caFile);
    const where = { host: '127.0.0.1', port: to.port, servername: 'localhost' };
    const socket = connectTls({ ...where, ca, ...options });
    socket.on('error', () => undefined);
    sockets.push(socket);
    return socket;
  }

  function certificate({ cert, key }: CertificateFiles): ConnectionOptions {
    return { cert: readFileSync(cert), key: readFileSync(key) };
  }

  /** True when bytes come back, false when the connection is closed. */
  async function isServed(socket: TLSSocket): Promise<boolean> {
    const served = once(socket, 'data').then(
      () => true,
      () => false,
    );
    const closed = once(socket, 'close').then(
      () => false,
      () => false,
    );
    socket.write('x');
    return within('an answer', 3000, Promise.race([served, closed]));
  }

  async function failureOf(made: ListenerWorld): Promise<Error> {
    return made.listener.start().then(
      () => expect.fail('it listens'),
      (error: unknown) => error as Error,
    );
  }

  describe('client certificates', () => {
    const modes = [
      [ClientCertificate.OPTIONAL, true],
      [ClientCertificate.REQUIRED, false],
    ] as const;
    for (const [clientCertificate, isServedWithout] of modes) {
      it(`${clientCertificate}: serves a good one, refuses one of another authority`, async () => {
        const made = await started({ clientCertificate, sslCaCertFile: authority.caFile });
        const good = certificate(authority.client('/CN=device-1'));
        expect(await isServed(dial(made, good))).to.equal(true);
        expect(await isServed(dial(made))).to.equal(isServedWithout);
        const directoryOfOther = await makeTempDir();
        const stranger = new TestAuthority(directoryOfOther, 'another').client('/CN=device-1');
        const before = made.stats.tlsErrors;
        expect(await isServed(dial(made, certificate(stranger)))).to.equal(false);
        expect(made.stats.tlsErrors).to.equal(before + 1);
        await removeTempDir(directoryOfOther);
      });
    }

    it('names the client by its common name when told to', async () => {
      const mutual = { clientCertificate: ClientCertificate.OPTIONAL } as const;
      const options = { ...mutual, sslCaCertFile: authority.caFile };
      const client = certificate(authority.client('/O=Works/CN=device-1'));
      const named = await started({ ...options, usernameFromCertificate: true });
      for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
        expect(await isServed(dial(named, { ...client, maxVersion }))).to.equal(true);
        const { connection } = named.echoes.at(-1)!;
        expect(connection.certificateCommonName).to.equal('device-1');
        expect(connection.remoteAddress).to.equal('127.0.0.1');
      }
      expect(await isServed(dial(named))).to.equal(true);
      expect(named.echoes.at(-1)!.connection.certificateCommonName).to.equal(undefined);
      const unnamed = await started(options);
      expect(await isServed(dial(unnamed, client))).to.equal(true);
      expect(unnamed.echoes[0]!.connection.certificateCommonName).to.equal(undefined);
    });

    it('knows the name in a resumed session too', async () => {
      const made = await started({
        clientCertificate: ClientCertificate.REQUIRED,
        sslCaCertFile: authority.caFile,
        usernameFromCertificate: true,
      });
      const client = certificate(authority.client('/CN=device-1'));
      for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
        const first = dial(made, { ...client, maxVersion });
        const ticket = once(first, 'session');
        expect(await isServed(first)).to.equal(true);
        const [session] = (await ticket) as [Buffer];
        const second = dial(made, { ...client, maxVersion, session });
        expect(await isServed(second)).to.equal(true);
        expect(second.isSessionReused()).to.equal(true);
        expect(made.echoes.at(-1)!.connection.certificateCommonName).to.equal('device-1');
      }
    });

    for (const subject of ['/O=Works', '/CN=a/CN=b']) {
      it(`refuses a certificate of ${subject} when the common name is the user name`, async () => {
        const made = await started({
          clientCertificate: ClientCertificate.OPTIONAL,
          sslCaCertFile: authority.caFile,
          usernameFromCertificate: true,
        });
        const client = certificate(authority.client(subject));
        expect(await isServed(dial(made, client))).to.equal(false);
        expect(made.stats.tlsErrors).to.equal(1);
      });
    }
  });

  it('refuses versions below the least one and counts that', async () => {
    const made = await started({ minVersion: 'TLSv1.3' });
    expect(await isServed(dial(made, { maxVersion: 'TLSv1.2' }))).to.equal(false);
    await eventually('count', () => made.stats.tlsErrors === 1);
    expect(await isServed(dial(made))).to.equal(true);
    const old = await started();
    const legacy: ConnectionOptions = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1' };
    expect(await isServed(dial(old, { ...legacy, ciphers: 'DEFAULT@SECLEVEL=0' }))).to.equal(false);
  });

  it('offers the configured ciphers only', async () => {
    const made = await started({ ciphers: 'ECDHE-ECDSA-AES256-GCM-SHA384' });
    const socket = dial(made, { maxVersion: 'TLSv1.2' });
    expect(await isServed(socket)).to.equal(true);
    expect(socket.getCipher().name).to.equal('ECDHE-ECDSA-AES256-GCM-SHA384');
  });

  describe('reload', () => {
    let cert: string;
    let key: string;
    /** Whole at once, as certbot does it: a look at a file that is half written would be refused for another reason. */
    function replace(path: string, by: string): void {
      copyFileSync(by, `${path}.new`);
      renameSync(`${path}.new`, path);
    }
    function put(files: CertificateFiles): void {
      replace(cert, files.cert);
      replace(key, files.key);
    }

    beforeEach(() => {
      cert = join(directory, 'live.crt');
      key = join(directory, 'live.key');
      put(server);
    });

    async function nameServed(made: ListenerWorld): Promise<unknown> {
      const socket = dial(made);
      await once(socket, 'secureConnect');
      return socket.getPeerCertificate().subject.CN;
    }

    it('serves a changed certificate to new connections and keeps the open ones', async () => {
      const files = { sslServerCertFile: cert, sslServerKeyFile: key };
      const made = await started({ ...files, reloadIntervalMs: 20 });
      const open = dial(made);
      expect(await isServed(open)).to.equal(true);
      expect(await nameServed(made)).to.equal('localhost');
      put(other);
      await eventually('new name', async () => (await nameServed(made)) === 'other');
      expect(await isServed(open)).to.equal(true);
      // A look between the two files is refused.
      expect(lines.filter((line) => line === 'TLS certificate reloaded')).to.have.length(1);
    });

    it('keeps the old one when the new one is bad, says so once, and recovers', async () => {
      const files = { sslServerCertFile: cert, sslServerKeyFile: key };
      const made = await started({ ...files, reloadIntervalMs: 20 });
      replace(cert, other.cert);
      await eventually('complaint', () => lines.length > 0);
      await new Promise((resolve) => setTimeout(resolve, 100));
      expect(lines).to.deep.equal(['the new TLS certificate is refused, the old one stays']);
      expect(await nameServed(made)).to.equal('localhost');
      replace(key, other.key);
      await eventually('new name', async () => (await nameServed(made)) === 'other');
    });
  });

  it('begins no more handshakes in a turn than there is time for, when many come at once', async () => {
    let milliseconds = 0;
    const stats = new GatewayStats();
    const stage = new TlsStage({
      tls: tlsOptions({}),
      handshakeTimeoutMs: 5000,
      stats,
      logger,
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

  it('says nothing of files that it was reading when it was stopped', async () => {
    const cert = join(directory, 'stopped.crt');
    copyFileSync(server.cert, cert);
    const stage = new TlsStage({
      tls: tlsOptions({ sslServerCertFile: cert }),
      handshakeTimeoutMs: 1000,
      stats: new GatewayStats(),
      logger,
      clock: systemClock,
      onSecure: () => undefined,
    });
    await stage.start();
    copyFileSync(other.cert, cert);
    const reading = stage.reload();
    stage.stop();
    await reading;
    expect(lines).to.deep.equal([]);
  });

  describe('files', () => {
    it('names the option and the file that is not there', async () => {
      for (const option of ['sslServerCertFile', 'sslServerKeyFile', 'sslCaCertFile'] as const) {
        const missing = join(directory, 'no-such-file.pem');
        const error = await failureOf(world({ [option]: missing }));
        expect(error).to.be.instanceOf(ConfigError);
        expect(error.message).to.include(`${option} ${missing}: cannot be read`);
      }
    });

    it('names the option and the file that holds something else', async () => {
      const junk = join(directory, 'junk.pem');
      const inPem = join(directory, 'in-pem.pem');
      writeFileSync(junk, 'junk');
      writeFileSync(inPem, '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n');
      for (const option of ['sslServerCertFile', 'sslServerKeyFile', 'sslCaCertFile'] as const) {
        for (const file of [junk, inPem]) {
          const error = await failureOf(world({ [option]: file }));
          expect(error).to.be.instanceOf(ConfigError);
          expect(error.message).to.include(`${option} ${file}: holds no`);
        }
      }
    });

    it('names both files when the key is of another certificate', async () => {
      const error = await failureOf(world({ sslServerKeyFile: other.key }));
      expect(error).to.be.instanceOf(ConfigError);
      expect(error.message).to.include(other.key).and.to.include(server.cert);
    });

    it('refuses ciphers that do not exist', async () => {
      expect(await failureOf(world({ ciphers: 'NO-SUCH-CIPHER' }))).to.be.instanceOf(ConfigError);
    });
  });
});
