import { expect } from 'chai';
import fc from 'fast-check';
import { equalsInConstantTime } from '../../../src/auth/constant-time.ts';

const bytes = fc.uint8Array({ maxLength: 64 }).map((array) => Buffer.from(array));

describe('equalsInConstantTime', () => {
  it('is true for equal bytes, empty ones included', () => {
    fc.assert(
      fc.property(bytes, (value) => {
        expect(equalsInConstantTime(value, Buffer.from(value))).to.equal(true);
      }),
    );
  });

  it('agrees with Buffer.equals for any two byte strings', () => {
    fc.assert(
      fc.property(bytes, bytes, (left, right) => {
        expect(equalsInConstantTime(left, right)).to.equal(left.equals(right));
      }),
    );
  });

  it('tells a prefix from the whole', () => {
    expect(equalsInConstantTime(Buffer.from('abc'), Buffer.from('abcd'))).to.equal(false);
  });
});
