import { expect } from 'chai';
import { certificateAuthenticator } from '../../../src/auth/certificate-authenticator.ts';
import { AuthDecision } from '../../../src/auth/types.ts';
import { acceptingCertificates } from '../../../src/cli/authentication.ts';

const CREDENTIALS = {
  clientId: 'c',
  username: 'device-1',
  password: undefined,
  remoteAddress: '127.0.0.1',
};

describe('certificateAuthenticator', () => {
  it('lets in who has a verified name, and nobody else', () => {
    const certified = { ...CREDENTIALS, certificateCommonName: 'device-1' };
    expect(certificateAuthenticator.authenticate(certified)).to.equal(AuthDecision.ALLOW);
    const others = [CREDENTIALS, { ...CREDENTIALS, certificateCommonName: undefined }];
    for (const other of others) {
      const decision = certificateAuthenticator.authenticate(other);
      expect(decision).to.equal(AuthDecision.BAD_CREDENTIALS);
    }
  });

  it('asks the others about the rest', async () => {
    const others = { authenticate: () => AuthDecision.NOT_AUTHORIZED };
    const authenticator = acceptingCertificates(others);
    const certified = { ...CREDENTIALS, certificateCommonName: 'device-1' };
    expect(await authenticator.authenticate(certified)).to.equal(AuthDecision.ALLOW);
    expect(await authenticator.authenticate(CREDENTIALS)).to.equal(AuthDecision.NOT_AUTHORIZED);
  });
});
