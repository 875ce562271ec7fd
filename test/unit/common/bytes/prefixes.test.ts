import { expect } from 'chai';
import { Prefixes } from '../../../../src/common/bytes/prefixes.ts';

describe('Prefixes', () => {
  it('are the beginning of the buffer as it is now, of any length', () => {
    const buffer = Buffer.from(Array.from({ length: 2_000 }, (_, i) => i % 251));
    const prefixes = new Prefixes(buffer);
    // Lengths that share a place, and lengths that come again.
    for (const length of [0, 1, 513, 1, 1_025, 513, 2_000, 0, 2_000]) {
      buffer[0] = length & 0xff;
      expect(prefixes.of(length).equals(buffer.subarray(0, length))).to.equal(true);
    }
  });

  it('of a length that came last are the same view', () => {
    const prefixes = new Prefixes(Buffer.alloc(100));
    expect(prefixes.of(7)).to.equal(prefixes.of(7));
  });
});
