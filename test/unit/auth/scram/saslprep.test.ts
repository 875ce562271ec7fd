import { expect } from 'chai';
import { saslprep } from '../../../../src/auth/scram/saslprep.ts';

describe('saslprep', () => {
  // The first five are the examples of RFC 4013 §3.
  const cases: readonly (readonly [string, string | undefined])[] = [
    ['I\u00adX', 'IX'],
    ['user', 'user'],
    ['USER', 'USER'],
    ['\u00aa', 'a'],
    ['\u2168', 'IX'],
    ['\u0007', undefined],
    ['', undefined],
    ['\u00ad', undefined],
    ['a\u00a0b\u3000c', 'a b c'],
    ['e\u0301', '\u00e9'],
    ['two\nlines', undefined],
    ['\ue000', undefined],
    ['\ud800', undefined],
    ['\ufdd0', undefined],
    ['\u200ea', undefined],
    ['a, b=c:d', 'a, b=c:d'],
  ];
  for (const [text, wanted] of cases) {
    it(`makes ${JSON.stringify(wanted ?? null)} of ${JSON.stringify(text)}`, () => {
      expect(saslprep(text)).to.equal(wanted);
    });
  }
});
