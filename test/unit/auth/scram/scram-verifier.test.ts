import { expect } from 'chai';
import {
  deriveVerifier,
  formatVerifier,
  parseVerifier,
} from '../../../../src/auth/scram/scram-verifier.ts';

/** RFC 7677 §3: password "pencil". */
const SALT = Buffer.from('W22ZaJ0SNY7soEsUEjb6gQ==', 'base64');

describe('ScramVerifier', () => {
  const verifier = deriveVerifier('pencil', SALT, 4096);
  const text = formatVerifier(verifier);

  it('is as RFC 5802 derives it: the form of PostgreSQL, which uses the same', () => {
    expect(text).to.equal(
      'SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=',
    );
  });

  it('comes back from its text', () => {
    expect(parseVerifier(text)).to.deep.equal(verifier);
  });

  const wrong: Record<string, string> = {
    'few iterations': text.replace('4096', '4095'),
    'more iterations than any client computes': text.replace('4096', '99999999'),
    'another method': text.replace('SHA-256', 'SHA-1'),
    'a short key': text.replace(/:[^:]*$/, ':YWJj'),
    'no keys': 'SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==',
    'something behind it': `${text} x`,
    nothing: '',
  };
  for (const [what, value] of Object.entries(wrong)) {
    it(`is not read from a text with ${what}`, () => {
      expect(parseVerifier(value)).to.equal(undefined);
    });
  }
});
