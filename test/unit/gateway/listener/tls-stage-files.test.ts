import { expect } from 'chai';
import { once } from 'node:events';
import { copyFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '../../../../src/common/clock.ts';
import { ConfigError } from '../../../../src/common/errors.ts';
import { GatewayStats } from '../../../../src/gateway/gateway-stats.ts';
import { TlsStage } from '../../../../src/gateway/listener/tls-stage.ts';
import type { CertificateFiles } from '../../../helpers/certificates.ts';
import { eventually } from '../../../helpers/eventually.ts';
import type { ListenerWorld } from './listener-world.ts';
import { TlsWorld } from './tls-world.ts';

describe('gateway: files of TlsStage', () => {
  let tls: TlsWorld;

  before(async () => {
    tls = await TlsWorld.create();
  });
  after(() => tls.remove());
  afterEach(() => {
    tls.clear();
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
      cert = join(tls.directory, 'live.crt');
      key = join(tls.directory, 'live.key');
      put(tls.server);
    });

    async function nameServed(made: ListenerWorld): Promise<unknown> {
      const socket = tls.dial(made);
      await once(socket, 'secureConnect');
      return socket.getPeerCertificate().subject.CN;
    }

    it('serves a changed certificate to new connections and keeps the open ones', async () => {
      const files = { sslServerCertFile: cert, sslServerKeyFile: key };
      const made = await tls.started({ ...files, reloadIntervalMs: 20 });
      const open = tls.dial(made);
      expect(await tls.isServed(open)).to.equal(true);
      expect(await nameServed(made)).to.equal('localhost');
      put(tls.other);
      await eventually('new name', async () => (await nameServed(made)) === 'other');
      expect(await tls.isServed(open)).to.equal(true);
      // A look between the two files is refused.
      expect(tls.lines.filter((line) => line === 'TLS certificate reloaded')).to.have.length(1);
    });

    it('keeps the old one when the new one is bad, says so once, and recovers', async () => {
      const files = { sslServerCertFile: cert, sslServerKeyFile: key };
      const made = await tls.started({ ...files, reloadIntervalMs: 20 });
      replace(cert, tls.other.cert);
      await eventually('complaint', () => tls.lines.length > 0);
      await new Promise((resolve) => setTimeout(resolve, 100));
      expect(tls.lines).to.deep.equal(['the new TLS certificate is refused, the old one stays']);
      expect(await nameServed(made)).to.equal('localhost');
      replace(key, tls.other.key);
      await eventually('new name', async () => (await nameServed(made)) === 'other');
    });
  });

  it('says nothing of files that it was reading when it was stopped', async () => {
    const cert = join(tls.directory, 'stopped.crt');
    copyFileSync(tls.server.cert, cert);
    const stage = new TlsStage({
      tls: tls.options({ sslServerCertFile: cert }),
      handshakeTimeoutMs: 1000,
      stats: new GatewayStats(),
      logger: tls.logger,
      clock: systemClock,
      onSecure: () => undefined,
    });
    await stage.start();
    copyFileSync(tls.other.cert, cert);
    const reading = stage.reload();
    stage.stop();
    await reading;
    expect(tls.lines).to.deep.equal([]);
  });

  describe('files', () => {
    it('names the option and the file that is not there', async () => {
      for (const option of ['sslServerCertFile', 'sslServerKeyFile', 'sslCaCertFile'] as const) {
        const missing = join(tls.directory, 'no-such-file.pem');
        const error = await tls.failureOf({ [option]: missing });
        expect(error).to.be.instanceOf(ConfigError);
        expect(error.message).to.include(`${option} ${missing}: cannot be read`);
      }
    });

    it('names the option and the file that holds something else', async () => {
      const junk = join(tls.directory, 'junk.pem');
      const inPem = join(tls.directory, 'in-pem.pem');
      writeFileSync(junk, 'junk');
      writeFileSync(inPem, '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n');
      for (const option of ['sslServerCertFile', 'sslServerKeyFile', 'sslCaCertFile'] as const) {
        for (const file of [junk, inPem]) {
          const error = await tls.failureOf({ [option]: file });
          expect(error).to.be.instanceOf(ConfigError);
          expect(error.message).to.include(`${option} ${file}: holds no`);
        }
      }
    });

    it('names both files when the key is of another certificate', async () => {
      const error = await tls.failureOf({ sslServerKeyFile: tls.other.key });
      expect(error).to.be.instanceOf(ConfigError);
      expect(error.message).to.include(tls.other.key).and.to.include(tls.server.cert);
    });

    it('refuses ciphers that do not exist', async () => {
      expect(await tls.failureOf({ ciphers: 'NO-SUCH-CIPHER' })).to.be.instanceOf(ConfigError);
    });
  });
});
