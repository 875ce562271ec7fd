import { expect } from 'chai';
import fc from 'fast-check';
import {
  decodeShareRecord,
  encodeShareRecord,
} from '../../../../src/gateway/share/share-record.ts';

describe('gateway/share/share-record', () => {
  it('holds any ascending offsets', () => {
    const offsets = fc.uniqueArray(fc.oneof(fc.nat(50), fc.nat(2 ** 40)), { maxLength: 60 });
    fc.assert(
      fc.property(offsets, (drawn) => {
        const ascending = drawn.sort((a, b) => a - b);
        expect(decodeShareRecord(encodeShareRecord(ascending), 'k')).to.deep.equal(ascending);
      }),
    );
  });

  it('writes a run in ten bytes', () => {
    const offsets = Array.from({ length: 1000 }, (_, i) => i + 7);
    expect(encodeShareRecord(offsets).length).to.equal(15);
  });

  it('names the group when it cannot be read', () => {
    const good = encodeShareRecord([1, 2, 9]);
    const bad = [
      Buffer.concat([good, Buffer.of(0)]),
      good.subarray(0, good.length - 1),
      Buffer.of(9, 0, 0, 0, 0),
      encodeShareRecord([5, 4]),
      Buffer.of(1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0),
      Buffer.of(1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1, 255, 255, 255, 255),
    ];
    for (const value of bad) {
      expect(() => decodeShareRecord(value, '$share/g/a')).to.throw('$share/g/a');
    }
  });
});
