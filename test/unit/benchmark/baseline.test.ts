import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { describeShortfall, parseBaseline, shortfalls } from '../../../benchmark/micro/baseline.ts';

const baseline = { 'x.bench.ts': { fast: 10, slow: 0.5 } };

describe('micro benchmark baseline', () => {
  it('lets a ratio fall to half of it', () => {
    const ratios = new Map([
      ['fast', 5],
      ['slow', 0.25],
      ['new', 1],
    ]);
    expect(shortfalls(baseline, 'x.bench.ts', ratios)).to.deep.equal([]);
    expect(shortfalls(baseline, 'other.bench.ts', ratios)).to.deep.equal([]);
  });

  it('reports what fell below, and what is gone', () => {
    const found = shortfalls(baseline, 'x.bench.ts', new Map([['fast', 4.9]]));
    expect(found.map(describeShortfall)).to.deep.equal([
      'x.bench.ts: fast: ratio 4.90, at least 5.00 expected',
      'x.bench.ts: slow: not measured, at least 0.250 expected',
    ]);
  });

  it('refuses a file that is none', () => {
    for (const text of ['[]', '{"a":1}', '{"a":{"b":0}}', '{"a":{"b":"1"}}']) {
      expect(() => parseBaseline(text), text).to.throw('not a baseline');
    }
  });

  it('is committed and whole', () => {
    const file = new URL('../../../benchmark/micro/baseline.json', import.meta.url);
    const files = Object.keys(parseBaseline(readFileSync(file, 'utf8')));
    expect(files).to.include.members(['codec.bench.ts', 'store.bench.ts', 'trie.bench.ts']);
  });
});
