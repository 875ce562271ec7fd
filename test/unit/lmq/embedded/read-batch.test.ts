import { expect } from 'chai';
import { ReadBatch } from '../../../../src/lmq/embedded/read-batch.ts';

describe('ReadBatch', () => {
  let reads: string[][];
  let failure: Error | undefined;

  beforeEach(() => {
    reads = [];
    failure = undefined;
  });

  function open(): ReadBatch {
    return new ReadBatch((keys) => {
      reads.push(keys.map(String));
      if (failure !== undefined) return Promise.reject(failure);
      return Promise.resolve(
        keys.map((key) => (String(key) === 'none' ? undefined : Buffer.from(`of ${String(key)}`))),
      );
    });
  }

  it('reads together what is asked for in one turn, and gives each its own', async () => {
    const batch = open();
    const values = await Promise.all(['a', 'none', 'b'].map((key) => batch.read(Buffer.from(key))));
    expect(values.map((value) => value?.toString())).to.deep.equal(['of a', undefined, 'of b']);
    expect(reads).to.deep.equal([['a', 'none', 'b']]);
    await batch.read(Buffer.from('c'));
    expect(reads[1]).to.deep.equal(['c']);
  });

  it('reads no more than 256 keys at a time', async () => {
    const batch = open();
    const keys = Array.from({ length: 600 }, (_, i) => `k${i}`);
    const values = await Promise.all(keys.map((key) => batch.read(Buffer.from(key))));
    expect(values.map(String)).to.deep.equal(keys.map((key) => `of ${key}`));
    expect(reads.map(({ length }) => length)).to.deep.equal([256, 256, 88]);
  });

  it('fails each with the error of the read', async () => {
    const batch = open();
    failure = new Error('the disk is gone');
    const results = await Promise.allSettled([
      batch.read(Buffer.from('a')),
      batch.read(Buffer.from('b')),
    ]);
    expect(
      results.map((result) => result.status === 'rejected' && result.reason === failure),
    ).to.deep.equal([true, true]);
  });
});
