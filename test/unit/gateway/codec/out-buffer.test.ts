import { expect } from 'chai';
import fc from 'fast-check';
import { OutBuffer } from '../../../../src/gateway/codec/out-buffer.ts';
import { LARGE_SLAB, SMALL_SLAB, slabPool } from '../../../../src/gateway/codec/slab-pool.ts';

function drain(out: OutBuffer): { bytes: Buffer; slabs: number[] } {
  const parts: Buffer[] = [];
  const slabs: number[] = [];
  out.drainTo((slab, length) => {
    parts.push(Buffer.from(slab.subarray(0, length)));
    slabs.push(slab.length);
    slabPool.give(slab);
  });
  return { bytes: Buffer.concat(parts), slabs };
}

function put(out: OutBuffer, text: string): void {
  const at = out.reserve(text.length);
  out.slab.write(text, at, 'latin1');
}

describe('gateway: OutBuffer', () => {
  it('owns nothing while it is empty', () => {
    const out = new OutBuffer();
    expect(out.slab).to.have.length(0);
    expect(out.byteLength).to.equal(0);
    put(out, 'x');
    drain(out);
    expect(out.slab).to.have.length(0);
  });

  it('gives everything back in order', () => {
    const operation = fc.record({
      append: fc.boolean(),
      length: fc.oneof(fc.nat(50), fc.nat(90_000)),
    });
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 12 }), (operations) => {
        const out = new OutBuffer();
        const expected: Buffer[] = [];
        for (const [i, { append, length }] of operations.entries()) {
          const bytes = Buffer.alloc(length, i + 1);
          expected.push(bytes);
          if (append) {
            out.append(Buffer.concat([Buffer.alloc(3), bytes]), 3, 3 + length);
          } else {
            const at = out.reserve(length);
            bytes.copy(out.slab, at);
          }
        }
        const total = Buffer.concat(expected);
        expect(out.byteLength).to.equal(total.length);
        expect(drain(out).bytes.equals(total)).to.equal(true);
        expect(out.byteLength).to.equal(0);
      }),
      { numRuns: 50 },
    );
  });

  it('keeps what is reserved in one piece and in order', () => {
    const out = new OutBuffer();
    const words = Array.from({ length: 3000 }, (_, i) => `word${String(i)};`);
    for (const word of words) put(out, word);
    expect(drain(out).bytes.toString('latin1')).to.equal(words.join(''));
  });

  it('splits a long run over slabs', () => {
    const out = new OutBuffer();
    put(out, 'head');
    const run = Buffer.from(Array.from({ length: 200_000 }, (_, i) => i % 255));
    out.append(run, 0, run.length);
    put(out, 'tail');
    const { bytes, slabs } = drain(out);
    expect(bytes.equals(Buffer.concat([Buffer.from('head'), run, Buffer.from('tail')]))).to.equal(
      true,
    );
    expect(Math.max(...slabs)).to.equal(LARGE_SLAB);
  });

  it('begins small, and large after a turn in full flow', () => {
    const out = new OutBuffer();
    put(out, 'a');
    expect(drain(out).slabs).to.deep.equal([SMALL_SLAB]);
    out.append(Buffer.alloc(10_000), 0, 10_000);
    drain(out);
    put(out, 'a');
    expect(drain(out).slabs).to.deep.equal([LARGE_SLAB]);
    put(out, 'a');
    expect(drain(out).slabs).to.deep.equal([SMALL_SLAB]);
  });

  it('makes room for more than a slab in a row', () => {
    const out = new OutBuffer();
    put(out, 'x');
    const at = out.reserve(LARGE_SLAB + 10);
    out.slab.fill(7, at, at + LARGE_SLAB + 10);
    expect(drain(out).bytes).to.have.length(LARGE_SLAB + 11);
  });

  it('forgets what is discarded', () => {
    const out = new OutBuffer();
    put(out, 'lost');
    out.append(Buffer.alloc(100_000), 0, 100_000);
    out.discard();
    expect(out.byteLength).to.equal(0);
    put(out, 'kept');
    expect(drain(out).bytes.toString()).to.equal('kept');
  });
});

describe('gateway: slab pool', () => {
  it('has one view of each slab, which the buffer that is filling it has too', () => {
    const out = new OutBuffer();
    for (const size of [10, LARGE_SLAB, LARGE_SLAB + 1]) {
      const at = out.reserve(size);
      out.view.setUint8(at, size & 0xff);
      expect(out.slab[at], String(size)).to.equal(size & 0xff);
      expect(out.view.byteLength).to.equal(out.slab.length);
      expect(out.view).to.equal(slabPool.viewOf(out.slab));
    }
    out.discard();
    expect(out.view.byteLength).to.equal(0);
  });

  it('lends a slab to one at a time', () => {
    const taken = Array.from({ length: 20 }, () => slabPool.take(10));
    expect(new Set(taken).size).to.equal(20);
    for (const slab of taken) slabPool.give(slab);
    const again = slabPool.take(10);
    expect(taken).to.include(again);
    slabPool.give(again);
  });

  it('has the size that is asked for, and keeps no odd ones', () => {
    expect(slabPool.take(SMALL_SLAB + 1)).to.have.length(LARGE_SLAB);
    const odd = slabPool.take(LARGE_SLAB + 1);
    expect(odd).to.have.length(LARGE_SLAB + 1);
    slabPool.give(odd);
    expect(slabPool.take(LARGE_SLAB + 1)).not.to.equal(odd);
  });
});
