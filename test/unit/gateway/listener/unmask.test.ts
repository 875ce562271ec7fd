import { expect } from 'chai';
import fc from 'fast-check';
import { turnedKey, unmask } from '../../../../src/gateway/listener/unmask.ts';

const MARGIN = 24;

/** As the standard has it: a byte at a time (RFC 6455 §5.3). */
function masked(bytes: Uint8Array, key: Uint8Array): Buffer {
  return Buffer.from(bytes.map((byte, i) => byte ^ (key[i % 4] as number)));
}

describe('gateway: unmask', () => {
  it('gives the example of RFC 6455 §5.7', () => {
    const bytes = Buffer.from('7f9f4d5158', 'hex');
    const memory = new DataView(bytes.buffer);
    unmask(memory, bytes.byteOffset, bytes.byteOffset, 5, 0x37fa213d | 0);
    expect(bytes.toString()).to.equal('Hello');
  });

  it('is the same for every alignment of both ends and every short length', () => {
    const key = Buffer.from('a1b2c3d4', 'hex');
    for (let from = 0; from < 16; from++) {
      for (let to = 0; to <= from; to++) {
        for (let length = 0; length < 20; length++) {
          const bytes = Uint8Array.from({ length }, (_, i) => i * 31 + 7);
          const memory = Buffer.alloc(64, 0xee);
          masked(bytes, key).copy(memory, from);
          const behind = Buffer.from(memory.subarray(from + length));
          unmask(
            new DataView(memory.buffer, memory.byteOffset),
            from,
            to,
            length,
            key.readInt32BE(),
          );
          expect(memory.subarray(to, to + length)).to.deep.equal(Buffer.from(bytes));
          expect(memory.subarray(0, to).every((byte) => byte === 0xee)).to.equal(true);
          expect(memory.subarray(from + length)).to.deep.equal(behind);
        }
      }
    }
  });

  it('takes a payload in parts, wherever it is cut and wherever they lie', () => {
    const parts = fc.array(fc.tuple(fc.nat(70), fc.nat(MARGIN), fc.nat(MARGIN)), { maxLength: 8 });
    fc.assert(
      fc.property(parts, fc.uint8Array({ minLength: 4, maxLength: 4 }), (cuts, keyBytes) => {
        const total = cuts.reduce((sum, [length]) => sum + length, 0);
        const bytes = Uint8Array.from({ length: total }, (_, i) => (i * 17) & 0xff);
        const wire = masked(bytes, keyBytes);
        let key = Buffer.from(keyBytes).readInt32BE();
        let at = 0;
        const got: Buffer[] = [];
        for (const [length, from, back] of cuts) {
          const memory = Buffer.allocUnsafeSlow(length + 2 * MARGIN);
          wire.copy(memory, from, at, at + length);
          const to = Math.max(0, from - back);
          unmask(new DataView(memory.buffer), from, to, length, key);
          got.push(memory.subarray(to, to + length));
          key = turnedKey(key, length);
          at += length;
        }
        expect(Buffer.concat(got).equals(bytes)).to.equal(true);
      }),
      { numRuns: 500 },
    );
  });
});
