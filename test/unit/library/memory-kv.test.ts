import { expect } from 'chai';
import { MemoryKv } from '../../../src/library/memory-kv.ts';
import type { KvChange } from '../../../src/namesrv/types.ts';

describe('library: KV config in memory', () => {
  it('keeps values by namespace, and tells those who watch, in order, until they stop', async () => {
    const kv = new MemoryKv();
    const seen: KvChange[] = [];
    const unwatch = kv.watch('A', (change) => seen.push(change));
    await kv.put('A', 'k', '1');
    await kv.put('B', 'k', '2');
    await kv.put('A', 'k', '3');
    await kv.delete('A', 'k');
    await kv.delete('C', 'missing');
    unwatch();
    await kv.put('A', 'l', '4');
    expect(seen.map(({ key, value }) => [key, value])).to.deep.equal([
      ['k', '1'],
      ['k', '3'],
      ['k', undefined],
    ]);
    expect(kv.get('B', 'k')).to.equal('2');
    expect(kv.get('A', 'k')).to.equal(undefined);
    expect([...kv.list('A')]).to.deep.equal([['l', '4']]);
    expect([...kv.list('Z')]).to.deep.equal([]);
  });
});
