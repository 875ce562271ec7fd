import { expect } from 'chai';
import {
  anonymousAuthenticator,
  openAuthenticator,
} from '../../../src/auth/anonymous-authenticator.ts';
import { AuthenticatorChain } from '../../../src/auth/authenticator-chain.ts';
import { HmacAuthenticator } from '../../../src/auth/hmac-authenticator.ts';
import { signature } from '../../../src/auth/signature.ts';
import { AuthDecision, type Authenticator, type Credentials } from '../../../src/auth/types.ts';

const nobody: Credentials = {
  clientId: 'c',
  username: undefined,
  password: undefined,
  remoteAddress: '127.0.0.1',
};

function answering(decision: AuthDecision): Authenticator {
  return { authenticate: () => Promise.resolve(decision) };
}

describe('AuthenticatorChain', () => {
  const chain = new AuthenticatorChain([
    anonymousAuthenticator,
    new HmacAuthenticator('user', 'key'),
  ]);

  it('allows a client without credentials when anonymous ones are allowed', async () => {
    expect(await chain.authenticate(nobody)).to.equal(AuthDecision.ALLOW);
  });

  it('allows a client with the right credentials', async () => {
    const password = Buffer.from(signature('key', 'c'));
    const decision = await chain.authenticate({ ...nobody, username: 'user', password });
    expect(decision).to.equal(AuthDecision.ALLOW);
  });

  it('refuses wrong credentials instead of taking the client for an anonymous one', async () => {
    const decision = await chain.authenticate({
      ...nobody,
      username: 'user',
      password: Buffer.from('x'),
    });
    expect(decision).to.equal(AuthDecision.BAD_CREDENTIALS);
  });

  it('answers with the last refusal, and refuses when there is nobody to ask', async () => {
    const refusing = new AuthenticatorChain([
      answering(AuthDecision.BAD_CREDENTIALS),
      answering(AuthDecision.NOT_AUTHORIZED),
    ]);
    expect(await refusing.authenticate(nobody)).to.equal(AuthDecision.NOT_AUTHORIZED);
    expect(await new AuthenticatorChain([]).authenticate(nobody)).to.equal(
      AuthDecision.BAD_CREDENTIALS,
    );
  });
});

describe('openAuthenticator', () => {
  it('allows whatever is presented', async () => {
    const decision = await openAuthenticator.authenticate({ ...nobody, username: 'x' });
    expect(decision).to.equal(AuthDecision.ALLOW);
  });
});
