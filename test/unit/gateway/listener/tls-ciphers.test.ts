import { expect } from 'chai';
import { cipherFault } from '../../../../src/gateway/listener/tls-ciphers.ts';

describe('cipherFault', () => {
  it('is none of lists that name a suite, whatever else they name', () => {
    for (const list of ['HIGH:!aNULL', 'ECDHE-RSA-AES128-GCM-SHA256:NO-SUCH-SUITE']) {
      expect(cipherFault(list, 'TLSv1.2'), list).to.equal(undefined);
    }
    expect(cipherFault('TLS_AES_128_GCM_SHA256', 'TLSv1.3')).to.equal(undefined);
  });

  it('says what is wrong with one that names none', () => {
    expect(cipherFault('NO-SUCH-SUITE', 'TLSv1.2')).to.include('no cipher match');
  });
});
