import { expect } from 'chai';
import { signature } from '../../../src/auth/signature.ts';
import { AuthDecision } from '../../../src/auth/types.ts';
import { authenticatorFrom } from '../../../src/cli/authentication.ts';
import type { ServiceConf } from '../../../src/cli/config/service-conf.ts';
import { ConfigError } from '../../../src/common/errors.ts';

type Keys = Pick<ServiceConf, 'username' | 'secretKey' | 'allowAnonymous' | 'scramUsersFile'>;
type Answer = 'ALLOW' | 'BAD_CREDENTIALS';

const none: Keys = { username: '', secretKey: '', allowAnonymous: 'auto', scramUsersFile: '' };
const both: Keys = { ...none, username: 'user', secretKey: 'key' };
const LOOPBACK = ['127.0.0.1', '::1'];
const EXPOSED = ['127.0.0.1', '0.0.0.0'];

async function answers(keys: Keys, hosts: readonly string[]): Promise<Record<string, Answer>> {
  const authenticator = authenticatorFrom(keys, hosts);
  const ask = async (username?: string, password?: string): Promise<Answer> => {
    const decision = await authenticator.authenticate({
      clientId: 'c',
      username,
      password: password === undefined ? undefined : Buffer.from(password),
      remoteAddress: '127.0.0.1',
    });
    return decision === AuthDecision.ALLOW ? 'ALLOW' : 'BAD_CREDENTIALS';
  };
  return {
    anonymous: await ask(),
    right: await ask('user', signature('key', 'c')),
    wrong: await ask('user', 'x'),
  };
}

describe('authenticatorFrom', () => {
  it('lets everyone in on loopback when nothing is configured', async () => {
    expect(await answers(none, LOOPBACK)).to.deep.equal({
      anonymous: 'ALLOW',
      right: 'ALLOW',
      wrong: 'ALLOW',
    });
  });

  it('asks for credentials as soon as they are set, on loopback too', async () => {
    for (const hosts of [LOOPBACK, EXPOSED]) {
      expect(await answers(both, hosts)).to.deep.equal({
        anonymous: 'BAD_CREDENTIALS',
        right: 'ALLOW',
        wrong: 'BAD_CREDENTIALS',
      });
    }
  });

  it('lets anonymous clients in beside credentials only when told to', async () => {
    const keys: Keys = { ...both, allowAnonymous: 'true' };
    expect(await answers(keys, EXPOSED)).to.deep.equal({
      anonymous: 'ALLOW',
      right: 'ALLOW',
      wrong: 'BAD_CREDENTIALS',
    });
  });

  it('opens an address that others can reach only when told to', async () => {
    const keys: Keys = { ...none, allowAnonymous: 'true' };
    expect(await answers(keys, EXPOSED)).to.include({ anonymous: 'ALLOW' });
  });

  it('refuses an address that others can reach without credentials, and names the keys', () => {
    expect(() => authenticatorFrom(none, EXPOSED))
      .to.throw(ConfigError, 'mqttHost 0.0.0.0 is not loopback')
      .with.property('message')
      .that.matches(/username and secretKey in service\.conf, or allowAnonymous = true/);
  });

  it('shows how an IPv6 address with a port is written', () => {
    expect(() => authenticatorFrom(none, ['::1:1883'])).to.throw(
      ConfigError,
      'if 1883 is to be the port, write [::1]:1883',
    );
    expect(() => authenticatorFrom(none, ['2001:db8::a:b']))
      .to.throw(ConfigError)
      .with.property('message')
      .that.matches(/allowAnonymous = true$/);
  });

  it('refuses half of the credentials', () => {
    expect(() => authenticatorFrom({ ...none, username: 'u' }, LOOPBACK)).to.throw(
      ConfigError,
      'username is set but secretKey is empty',
    );
    expect(() => authenticatorFrom({ ...none, secretKey: 'k' }, LOOPBACK)).to.throw(
      ConfigError,
      'secretKey is set but username is empty',
    );
  });

  it('lets nobody in without a method on any address when there are users of SCRAM alone', async () => {
    const scram: Keys = { ...none, scramUsersFile: 'users' };
    const refused = { anonymous: 'BAD_CREDENTIALS', right: 'BAD_CREDENTIALS' };
    expect(await answers(scram, EXPOSED)).to.include(refused);
    expect(await answers({ ...scram, allowAnonymous: 'false' }, EXPOSED)).to.include(refused);
    const open: Keys = { ...scram, allowAnonymous: 'true' };
    expect(await answers(open, EXPOSED)).to.include({ anonymous: 'ALLOW' });
    const signed: Keys = { ...both, scramUsersFile: 'users' };
    expect(await answers(signed, EXPOSED)).to.include({
      anonymous: 'BAD_CREDENTIALS',
      right: 'ALLOW',
    });
  });

  it('refuses to forbid anonymous clients while nobody could sign in', () => {
    expect(() => authenticatorFrom({ ...none, allowAnonymous: 'false' }, LOOPBACK)).to.throw(
      ConfigError,
      'set username and secretKey',
    );
  });
});
