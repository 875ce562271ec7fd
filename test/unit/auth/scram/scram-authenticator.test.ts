import { expect } from 'chai';
import { ScramAuthenticator } from '../../../../src/auth/scram/scram-authenticator.ts';
import { deriveVerifier, type ScramVerifier } from '../../../../src/auth/scram/scram-verifier.ts';
import type { AuthenticationStep } from '../../../../src/auth/types.ts';
import { ScramClient } from '../../../helpers/scram-client.ts';

/** The exchange of RFC 7677 §3. */
const RFC = {
  salt: Buffer.from('W22ZaJ0SNY7soEsUEjb6gQ==', 'base64'),
  serverNonce: '%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0',
  first: 'n,,n=user,r=rOprNGfwEbeRWgbNEkqO',
  serverFirst:
    'r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096',
  final:
    'c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=',
  serverFinal: 'v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=',
};

const verifier = deriveVerifier('pencil', RFC.salt, 4096);
const decoy: ScramVerifier = {
  ...verifier,
  storedKey: Buffer.alloc(32),
  serverKey: Buffer.alloc(32),
};
const users = { verifierOf: (name: string) => (name === 'user' ? verifier : decoy) };

type Exchange = ReturnType<ScramAuthenticator['begin']>;

async function say(
  exchange: Exchange,
  text: string | Buffer | undefined,
): Promise<AuthenticationStep> {
  return exchange.next(text === undefined ? undefined : Buffer.from(text));
}

async function outcome(client: ScramClient): Promise<AuthenticationStep> {
  const exchange = new ScramAuthenticator(users).begin();
  const challenge = await say(exchange, client.first());
  if (challenge.outcome !== 'CONTINUE' || challenge.data === undefined) return challenge;
  return say(exchange, client.final(challenge.data));
}

describe('ScramAuthenticator', () => {
  it('answers the example of RFC 7677 byte for byte', async () => {
    const exchange = new ScramAuthenticator(users, () => RFC.serverNonce).begin();
    expect(await say(exchange, RFC.first)).to.deep.equal({
      outcome: 'CONTINUE',
      data: Buffer.from(RFC.serverFirst),
    });
    expect(await say(exchange, RFC.final)).to.deep.equal({
      outcome: 'SUCCESS',
      username: 'user',
      data: Buffer.from(RFC.serverFinal),
    });
  });

  it('asks a client that has sent no data for it, once', async () => {
    const exchange = new ScramAuthenticator(users).begin();
    expect(await say(exchange, undefined)).to.deep.equal({ outcome: 'CONTINUE' });
    expect(await say(exchange, RFC.first)).to.include({ outcome: 'CONTINUE' });
    const other = new ScramAuthenticator(users).begin();
    await say(other, undefined);
    expect(await say(other, undefined)).to.deep.equal({ outcome: 'FAILURE' });
  });

  it('proves itself to the client', async () => {
    const client = new ScramClient('user', 'pencil');
    const step = await outcome(client);
    if (step.outcome !== 'SUCCESS' || step.data === undefined) throw new Error(step.outcome);
    expect(client.isServer(step.data)).to.equal(true);
  });

  it('takes a name that is prepared in another form, and its own name as the one to act as', async () => {
    expect(await outcome(new ScramClient('us\u00ader', 'pencil'))).to.include({ username: 'user' });
    const own = new ScramClient('user', 'pencil', { gs2: 'n,a=user,' });
    expect(await outcome(own)).to.include({ outcome: 'SUCCESS', username: 'user' });
    const aware = new ScramClient('user', 'pencil', { gs2: 'y,,' });
    expect(await outcome(aware)).to.include({ outcome: 'SUCCESS' });
  });

  it('refuses a wrong password, an unknown user, and acting as another, in one way', async () => {
    for (const client of [
      new ScramClient('user', 'Pencil'),
      new ScramClient('nobody', 'pencil'),
      new ScramClient('user', 'pencil', { gs2: 'n,a=admin,' }),
    ]) {
      expect(await outcome(client)).to.deep.equal({ outcome: 'FAILURE' });
    }
  });

  it('has a nonce of its own in each exchange: a final message does not fit another one', async () => {
    const client = new ScramClient('user', 'pencil');
    const one = new ScramAuthenticator(users).begin();
    const two = new ScramAuthenticator(users).begin();
    const challenge = await say(one, client.first());
    await say(two, client.first());
    if (challenge.outcome !== 'CONTINUE') throw new Error('no challenge');
    const final = client.final(challenge.data as Buffer);
    expect(await say(two, final)).to.deep.equal({ outcome: 'FAILURE' });
    expect(await say(one, final)).to.include({ outcome: 'SUCCESS' });
  });

  it('refuses a final message with another GS2 header, and one that is ill-formed or too short', async () => {
    for (const change of [
      (text: string) => text.replace('c=biws', 'c=eSws'),
      (text: string) => text.replace(/p=.*/, 'p=cHJvb2Y='),
      () => 'x',
    ]) {
      const exchange = new ScramAuthenticator(users, () => RFC.serverNonce).begin();
      await say(exchange, RFC.first);
      expect(await say(exchange, change(RFC.final))).to.deep.equal({ outcome: 'FAILURE' });
    }
  });

  it('refuses what is not UTF-8', async () => {
    const exchange = new ScramAuthenticator(users).begin();
    const bytes = Buffer.concat([Buffer.from('n,,n='), Buffer.from([0xff]), Buffer.from(',r=x')]);
    expect(await say(exchange, bytes)).to.deep.equal({ outcome: 'FAILURE' });
  });
});
