import { createHmac } from 'node:crypto';
import { expect } from 'chai';
import CryptoJS from 'crypto-js';
import fc from 'fast-check';
import { signature } from '../../../src/auth/signature.ts';

describe('signature', () => {
  const vectors = [
    { key: 'secret', text: 'recv01', expected: 'ychbgzJDyDG1SFFXHoRv0Mezkcs=' },
    { key: 'SHA1Util', text: 'testHmacSHA1', expected: 'LicXOdrzX+EWJKbJriUcGxm63Wg=' },
  ];
  for (const { key, text, expected } of vectors) {
    it(`is ${expected} for key ${key} and client id ${text}`, () => {
      expect(signature(key, text)).to.equal(expected);
    });
  }

  it('takes key and client id as UTF-8', () => {
    const expected = createHmac('sha1', Buffer.from('clé'))
      .update(Buffer.from('客户'))
      .digest('base64');
    expect(signature('clé', '客户')).to.equal(expected);
  });

  it('agrees with an independent implementation', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), fc.string(), (key, clientId) => {
        const other = CryptoJS.HmacSHA1(clientId, key).toString(CryptoJS.enc.Base64);
        expect(signature(key, clientId)).to.equal(other);
      }),
      { numRuns: 50 },
    );
  });
});
