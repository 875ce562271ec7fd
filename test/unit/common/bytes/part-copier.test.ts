import { expect } from 'chai';
import fc from 'fast-check';
import { PartCopier } from '../../../../src/common/bytes/part-copier.ts';

/** The 256 values of a byte, twice, within a larger piece of memory. */
function source(): Buffer {
  const memory = Buffer.alloc(520, 0xee);
  for (let i = 0; i < 512; i++) memory[4 + i] = i;
  return memory.subarray(4, 516);
}

describe('common: PartCopier', () => {
  for (const length of [0, 1, 3, 7, 8, 9, 11, 12, 13, 79, 80, 81, 200]) {
    it(`copies ${String(length)} bytes to their place, and nothing else, with and without views`, () => {
      const copier = new PartCopier();
      const from = source();
      const target = Buffer.alloc(256);
      for (let use = 0; use < 6; use++) {
        target.fill(9);
        const start = 100 + use;
        expect(copier.copy(from, start, start + length, target, 5 + use)).to.equal(
          5 + use + length,
        );
        const expected = Buffer.alloc(256, 9);
        from.copy(expected, 5 + use, start, start + length);
        expect(target.equals(expected), `use ${String(use)}`).to.equal(true);
      }
    });
  }

  it('copies what a copy of slices does, whatever buffers follow each other', () => {
    const sources = [source(), Buffer.from(source()).reverse()];
    const use = fc.record({
      from: fc.nat(1),
      to: fc.nat(1),
      start: fc.nat(300),
      length: fc.nat(150),
      at: fc.nat(100),
    });
    fc.assert(
      fc.property(fc.array(use, { maxLength: 20 }), (uses) => {
        const copier = new PartCopier();
        const targets = [Buffer.alloc(256), Buffer.alloc(256)];
        const expected = [Buffer.alloc(256), Buffer.alloc(256)];
        for (const { from, to, start, length, at } of uses) {
          const bytes = sources[from] as Buffer;
          const end = start + length;
          copier.copy(bytes, start, end, targets[to] as Buffer, at);
          bytes.copy(expected[to] as Buffer, at, start, end);
        }
        expect(targets).to.deep.equal(expected);
      }),
    );
  });

  it('does not write past the end of the target', () => {
    const copier = new PartCopier();
    const target = Buffer.alloc(64);
    for (let i = 0; i < 3; i++) copier.copy(source(), 0, 64, target, 0);
    const from = source();
    for (let i = 0; i < 3; i++) copier.copy(from, 0, 64, target, 0);
    expect(() => copier.copy(from, 0, 64, target, 8)).to.throw(RangeError);
  });
});
