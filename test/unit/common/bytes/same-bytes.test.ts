import { expect } from 'chai';
import fc from 'fast-check';
import { viewOf } from '../../../../src/common/bytes/recent-view.ts';
import { sameBytes, sameWords } from '../../../../src/common/bytes/same-bytes.ts';

describe('common: sameBytes', () => {
  it('says what a comparison of slices says', () => {
    const bytes = fc.uint8Array({ maxLength: 120 });
    fc.assert(
      fc.property(bytes, bytes, fc.nat(120), fc.boolean(), (one, other, flip, isSame) => {
        const inside = isSame ? Buffer.from(one) : Buffer.from(other);
        if (isSame && inside.length > 0 && flip < inside.length) {
          inside[flip] = (inside[flip] as number) ^ 1;
        }
        const chunk = Buffer.concat([Buffer.from([1, 2]), inside, Buffer.from([3])]);
        const expected = inside.equals(one);
        expect(sameBytes(Buffer.from(one), chunk, 2, 2 + inside.length)).to.equal(expected);
      }),
    );
  });

  for (const length of [0, 1, 47, 48, 49, 200]) {
    it(`finds ${String(length)} equal bytes, and one that differs at either end`, () => {
      const bytes = Buffer.alloc(length, 7);
      const chunk = Buffer.concat([Buffer.from([0]), bytes, Buffer.from([0])]);
      expect(sameBytes(bytes, chunk, 1, 1 + length)).to.equal(true);
      for (const at of length === 0 ? [] : [0, length - 1]) {
        const other = Buffer.from(bytes);
        other[at] = 8;
        expect(sameBytes(other, chunk, 1, 1 + length)).to.equal(false);
      }
    });
  }

  it('is false for a range of another length, and for one over the end', () => {
    const chunk = Buffer.alloc(100, 7);
    expect(sameBytes(Buffer.alloc(60, 7), chunk, 10, 69)).to.equal(false);
    expect(sameBytes(Buffer.alloc(60, 7), chunk, 50, 110)).to.equal(false);
    expect(sameBytes(Buffer.alloc(10, 7), chunk, 95, 105)).to.equal(false);
  });
});

describe('common: sameWords', () => {
  for (const length of [8, 9, 11, 12, 15, 16, 17, 31, 32, 35, 45, 192]) {
    it(`finds ${String(length)} equal bytes, and each one that differs`, () => {
      const bytes = Buffer.alloc(length, 7);
      const chunk = viewOf(Buffer.concat([Buffer.from([0]), bytes, Buffer.from([0])]));
      expect(sameWords(viewOf(bytes), chunk, 1, length)).to.equal(true);
      expect(sameWords(viewOf(bytes), chunk, 0, length)).to.equal(false);
      expect(sameWords(viewOf(bytes), chunk, 2, length)).to.equal(false);
      for (let at = 0; at < length; at++) {
        const other = Buffer.from(bytes);
        other[at] = 0x87;
        expect(sameWords(viewOf(other), chunk, 1, length), `byte ${String(at)}`).to.equal(false);
      }
    });
  }
});
