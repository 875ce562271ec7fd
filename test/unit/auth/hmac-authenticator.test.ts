import { expect } from 'chai';
import { HmacAuthenticator } from '../../../src/auth/hmac-authenticator.ts';
import { signature } from '../../../src/auth/signature.ts';
import { AuthDecision, type Credentials } from '../../../src/auth/types.ts';

function credentials(changes: Partial<Credentials> = {}): Credentials {
  return {
    clientId: 'recv01',
    username: 'mqtt',
    password: Buffer.from('ychbgzJDyDG1SFFXHoRv0Mezkcs='),
    remoteAddress: '127.0.0.1',
    ...changes,
  };
}

describe('HmacAuthenticator', () => {
  const authenticator = new HmacAuthenticator('mqtt', 'secret');

  it('allows the user name with the signature of the client id', () => {
    expect(authenticator.authenticate(credentials())).to.equal(AuthDecision.ALLOW);
  });

  it('allows an empty client id with its own signature', () => {
    const password = Buffer.from(signature('secret', ''));
    const decision = authenticator.authenticate(credentials({ clientId: '', password }));
    expect(decision).to.equal(AuthDecision.ALLOW);
  });

  const refused: Record<string, Partial<Credentials>> = {
    'another user name': { username: 'mqtT' },
    'a user name that goes on': { username: 'mqtt ' },
    'no user name': { username: undefined },
    'an empty user name': { username: '' },
    'no password': { password: undefined },
    'an empty password': { password: Buffer.alloc(0) },
    'the secret key itself': { password: Buffer.from('secret') },
    'the signature of another client': { clientId: 'recv02' },
    'the signature cut short': { password: Buffer.from('ychbgzJDyDG1SFFXHoRv0Mezkcs') },
    'the signature and more': { password: Buffer.from('ychbgzJDyDG1SFFXHoRv0Mezkcs=\n') },
    'nothing at all': { username: undefined, password: undefined },
  };
  for (const [what, changes] of Object.entries(refused)) {
    it(`refuses ${what} with the same answer`, () => {
      const decision = authenticator.authenticate(credentials(changes));
      expect(decision).to.equal(AuthDecision.BAD_CREDENTIALS);
    });
  }

  it('does not take absent credentials for empty ones', () => {
    const careless = new HmacAuthenticator('', 'secret');
    const absent = credentials({
      username: undefined,
      password: Buffer.from(signature('secret', 'recv01')),
    });
    expect(careless.authenticate(absent)).to.equal(AuthDecision.BAD_CREDENTIALS);
  });
});
