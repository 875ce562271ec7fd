import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { checkGatewayFiles } from '../../../src/cli/check-files.ts';
import { messageOf } from '../../../src/common/errors.ts';
import { TestAuthority } from '../../helpers/certificates.ts';
import { failureOf } from '../../helpers/failure-of.ts';
import { makeTempDir, removeTempDir } from '../../helpers/temp-dir.ts';
import { compositionIn } from './composition-in.ts';

describe('checkGatewayFiles', () => {
  let directory: string;

  beforeEach(async () => {
    directory = await makeTempDir();
  });

  afterEach(async () => {
    await removeTempDir(directory);
  });

  const check = (environment: Readonly<Record<string, string>>): Promise<void> =>
    checkGatewayFiles(compositionIn(directory, environment));

  const failure = async (environment: Readonly<Record<string, string>>): Promise<string> =>
    messageOf(await failureOf(check(environment)));

  it('finds nothing wrong where no files are named, or good ones', async () => {
    await check({});
    const { cert, key } = new TestAuthority(directory).server();
    writeFileSync(join(directory, 'access.acl'), 'topic readwrite a/#\n');
    writeFileSync(join(directory, 'users.scram'), '');
    await check({
      LMQTT_CONNECT_ENABLE_TLS: 'true',
      LMQTT_CONNECT_SSL_SERVER_CERT_FILE: cert,
      LMQTT_CONNECT_SSL_SERVER_KEY_FILE: key,
      LMQTT_SERVICE_ACL_FILE: 'access.acl',
      LMQTT_SERVICE_SCRAM_USERS_FILE: 'users.scram',
    });
  });

  it('names a file that is missing', async () => {
    expect(await failure({ LMQTT_SERVICE_ACL_FILE: 'no.acl' })).to.include(
      `aclFile ${join(directory, 'no.acl')}`,
    );
    expect(await failure({ LMQTT_SERVICE_SCRAM_USERS_FILE: 'no.scram' })).to.include(
      join(directory, 'no.scram'),
    );
    const tls = { LMQTT_CONNECT_SSL_SERVER_CERT_FILE: 'no.crt' };
    const names = { ...tls, LMQTT_CONNECT_SSL_SERVER_KEY_FILE: 'no.key' };
    expect(await failure({ LMQTT_CONNECT_ENABLE_TLS: 'true', ...names })).to.include(
      `sslServerCertFile ${join(directory, 'no.crt')}`,
    );
    // Nobody reads them.
    await check(names);
  });

  it('names a line that is wrong', async () => {
    writeFileSync(join(directory, 'access.acl'), 'nonsense\n');
    expect(await failure({ LMQTT_SERVICE_ACL_FILE: 'access.acl' })).to.match(/access\.acl: .*1/);
  });
});
