import { expect } from 'chai';
import { GONE, RetainedIndex } from '../../../../src/gateway/retained/retained-index.ts';

function indexOf(...topics: readonly string[]): RetainedIndex {
  const index = new RetainedIndex();
  for (const topic of topics) index.set({ topic, bytes: 10, expiresAt: Infinity });
  return index;
}

function found(index: RetainedIndex, filter: string): string[] {
  return [...index.match(filter)].flatMap((hit) => (hit === undefined ? [] : [hit.topic])).sort();
}

describe('gateway: RetainedIndex', () => {
  it('counts topics and bytes, also when one is replaced or removed', () => {
    const index = indexOf('a', 'a/b', 'a/b');
    expect([index.size, index.bytes]).to.deep.equal([2, 20]);
    index.set({ topic: 'a', bytes: 1, expiresAt: Infinity });
    expect([index.size, index.bytes]).to.deep.equal([2, 11]);
    expect(index.delete('a/b')).to.equal(true);
    expect(index.delete('a/b')).to.equal(false);
    expect(index.delete('a/b/c')).to.equal(false);
    expect([index.size, index.bytes]).to.deep.equal([1, 1]);
    expect(index.get('a')?.bytes).to.equal(1);
    expect(index.get('a/b')).to.equal(undefined);
  });

  it('keeps one object for a topic until it is deleted', () => {
    const index = indexOf('a/b', 'a');
    const known = index.get('a/b')!;
    expect(index.set({ topic: 'a/b', bytes: 3, expiresAt: 5 })).to.equal(known);
    expect(known).to.deep.equal({ topic: 'a/b', bytes: 3, expiresAt: 5 });
    index.update(known, 30, Infinity);
    expect([index.size, index.bytes]).to.deep.equal([2, 40]);
    index.delete('a/b');
    expect([known.bytes, index.size, index.bytes]).to.deep.equal([GONE, 1, 10]);
    expect(index.set({ topic: 'a/b', bytes: 1, expiresAt: 5 })).not.to.equal(known);
  });

  it('finds names by filter: levels, +, #, the parent of # [MQTT-4.7.1-2] [MQTT-4.7.1-3]', () => {
    const index = indexOf('a', 'a/', '/a', 'a/b', 'a/b/c', 'b/b');
    expect(found(index, 'a')).to.deep.equal(['a']);
    expect(found(index, 'a/+')).to.deep.equal(['a/', 'a/b']);
    expect(found(index, '+/b')).to.deep.equal(['a/b', 'b/b']);
    expect(found(index, 'a/#')).to.deep.equal(['a', 'a/', 'a/b', 'a/b/c']);
    expect(found(index, '+/a')).to.deep.equal(['/a']);
    expect(found(index, '#')).to.have.length(6);
    expect(found(index, 'c/#')).to.deep.equal([]);
  });

  it('keeps names with $ from filters that begin with a wildcard [MQTT-4.7.2-1]', () => {
    const index = indexOf('$SYS/a', 'x/$y');
    expect(found(index, '#')).to.deep.equal(['x/$y']);
    expect(found(index, '+/a')).to.deep.equal([]);
    expect(found(index, '+/+')).to.deep.equal(['x/$y']);
    expect(found(index, '$SYS/#')).to.deep.equal(['$SYS/a']);
  });

  it('offers to give way on a long walk without a hit', () => {
    const index = indexOf(...Array.from({ length: 5_000 }, (_, i) => `t/${i}/a`));
    const hits = [...index.match('t/+/b')];
    expect(hits.length).to.be.at.least(4);
    expect(hits.every((hit) => hit === undefined)).to.equal(true);
  });

  it('may change while it is walked', () => {
    const topics = Array.from({ length: 100 }, (_, i) => `t/${i}`);
    const index = indexOf(...topics);
    const walk = index.match('#');
    const seen = new Set<string>();
    for (let next = walk.next(); next.done !== true; next = walk.next()) {
      const topic = next.value?.topic;
      if (topic === undefined) continue;
      expect(seen.has(topic)).to.equal(false);
      seen.add(topic);
      index.delete(topic);
    }
    expect(seen.size).to.equal(100);
    expect(index.size).to.equal(0);
    expect(index.bytes).to.equal(0);
  });

  it('takes names of as many levels as MQTT has', () => {
    const deep = '/'.repeat(65_535);
    const index = indexOf(deep);
    expect(found(index, '#')).to.deep.equal([deep]);
    expect(index.delete(deep)).to.equal(true);
    expect([...index.match('#')]).to.deep.equal([]);
  });
});
