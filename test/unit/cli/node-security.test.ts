import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import type { ClusterConf } from '../../../src/cli/config/cluster-conf.ts';
import { nodeCredentialsFrom, refuseOpenHost } from '../../../src/cli/node-security.ts';
import { ConfigError } from '../../../src/common/errors.ts';

const NOTHING: ClusterConf = {
  namesrvAddr: '127.0.0.1:9877',
  nodeName: '',
  tlsCaFile: '',
  tlsCertFile: '',
  tlsKeyFile: '',
  token: '',
  tokenFile: '',
  insecure: false,
};

describe('nodeCredentialsFrom', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'lmqtt-'));
  });
  afterEach(() => {
    rmSync(directory, { recursive: true });
  });

  const from = (conf: Partial<ClusterConf>) =>
    nodeCredentialsFrom({ ...NOTHING, ...conf }, directory);

  it('is nothing unless configured', () => {
    expect(from({})).to.deep.equal({});
  });

  it('takes the token as it is, or from a file without the white space around it', () => {
    expect(from({ token: 'secret' })).to.deep.equal({ token: 'secret' });
    writeFileSync(join(directory, 'token'), ' from a file\n');
    expect(from({ tokenFile: 'token' })).to.deep.equal({ token: 'from a file' });
  });

  it('reads the files of TLS, relative to the configuration', () => {
    for (const name of ['ca', 'cert', 'key']) writeFileSync(join(directory, name), name);
    expect(
      from({ tlsCaFile: 'ca', tlsCertFile: join(directory, 'cert'), tlsKeyFile: 'key' }),
    ).to.deep.equal({
      tls: { ca: Buffer.from('ca'), cert: Buffer.from('cert'), key: Buffer.from('key') },
    });
  });

  const refusals: readonly [string, Partial<ClusterConf>, RegExp][] = [
    ['half of TLS', { tlsCaFile: 'ca', tlsKeyFile: 'key' }, /tlsCertFile is not set/],
    ['a file that is not there', { tokenFile: 'none' }, /tokenFile .*none cannot be read/],
    ['an empty token', { tokenFile: 'empty' }, /tokenFile empty is empty/],
    ['two tokens', { token: 'a', tokenFile: 'empty' }, /token and tokenFile are both set/],
  ];
  for (const [what, conf, message] of refusals) {
    it(`refuses ${what}`, () => {
      writeFileSync(join(directory, 'empty'), '\n');
      expect(() => from(conf)).to.throw(ConfigError, message);
    });
  }
});

describe('refuseOpenHost', () => {
  const key = 'lmq.conf: listenHost';
  const tls = { ca: Buffer.alloc(1), cert: Buffer.alloc(1), key: Buffer.alloc(1) };

  for (const host of ['0.0.0.0', '::', '10.0.0.1', 'store.example']) {
    it(`refuses ${host} without TLS and token, and names the key`, () => {
      expect(() => {
        refuseOpenHost({ insecure: false }, {}, host, key);
      }).to.throw(ConfigError, `lmq.conf: listenHost ${host} is not loopback`);
    });

    it(`takes ${host} with TLS, with a token, or when told to`, () => {
      refuseOpenHost({ insecure: false }, { tls }, host, key);
      refuseOpenHost({ insecure: false }, { token: 't' }, host, key);
      refuseOpenHost({ insecure: true }, {}, host, key);
    });
  }

  for (const host of ['127.0.0.1', 'localhost', '::1']) {
    it(`takes ${host}`, () => {
      refuseOpenHost({ insecure: false }, {}, host, key);
    });
  }
});
