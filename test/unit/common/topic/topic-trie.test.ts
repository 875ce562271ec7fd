import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect } from 'chai';
import fc from 'fast-check';
import { isValidTopicFilter, matches } from '../../../../src/common/topic/topic-filter.ts';
import { TopicTrie } from '../../../../src/common/topic/topic-trie.ts';
import { isValidTopicName } from '../../../../src/common/topic/topic-name.ts';

function matched<V extends string | number>(trie: TopicTrie<V>, topic: string): V[] {
  const values: V[] = [];
  trie.match(topic, (value) => values.push(value));
  return values.sort();
}

function allUpTo3Levels(alphabet: readonly string[]): string[] {
  const one = [...alphabet];
  const two = one.flatMap((head) => alphabet.map((level) => `${head}/${level}`));
  const three = two.flatMap((head) => alphabet.map((level) => `${head}/${level}`));
  return [...one, ...two, ...three];
}

/** MQTT 3.1.1 §4.7 written once more, level by level, to check both implementations against. */
function naiveMatches(filter: string[], topic: string[], isFirst = true): boolean {
  const [head, ...filterRest] = filter;
  if (head === undefined) return topic.length === 0;
  const [level, ...topicRest] = topic;
  if (isFirst && (head === '+' || head === '#') && level?.startsWith('$') === true) return false;
  if (head === '#') return true;
  if (level === undefined) return false;
  if (head !== '+' && head !== level) return false;
  if (topicRest.length === 0 && filterRest.length === 1 && filterRest[0] === '#') return true;
  return naiveMatches(filterRest, topicRest, false);
}

const ALPHABET = ['a', 'b', '+', '#', '', '$x'];
const filters = allUpTo3Levels(ALPHABET).filter(isValidTopicFilter);
const topics = allUpTo3Levels(['a', 'b', '', '$x']).filter(isValidTopicName);

describe('TopicTrie', () => {
  it('agrees with the naive matcher on all filters and names of up to three levels', () => {
    const trie = new TopicTrie<string>();
    for (const filter of filters) trie.add(filter, filter);
    expect(trie.size).to.equal(filters.length).and.to.be.greaterThan(150);
    for (const topic of topics) {
      const expected = filters.filter((f) => naiveMatches(f.split('/'), topic.split('/'))).sort();
      expect(matched(trie, topic), topic).to.deep.equal(expected);
      expect(
        filters.filter((filter) => matches(filter, topic)).sort(),
        `matches(${topic})`,
      ).to.deep.equal(expected);
    }
  });

  it('agrees with a set of pairs under any sequence of add and remove', () => {
    const operation = fc.record({
      add: fc.boolean(),
      filter: fc.constantFrom(...filters),
      value: fc.integer({ min: 0, max: 3 }),
    });
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 60 }), (operations) => {
        const trie = new TopicTrie<string>();
        const model = new Set<string>();
        for (const { add, filter, value } of operations) {
          const pair = `${filter} ${value}`;
          if (add) {
            trie.add(filter, pair);
            model.add(pair);
          } else {
            expect(trie.remove(filter, pair)).to.equal(model.delete(pair));
          }
          expect(trie.size).to.equal(model.size);
        }
        for (const topic of topics) {
          const expected = [...model].filter((pair) => matches(pair.slice(0, -2), topic)).sort();
          expect(matched(trie, topic)).to.deep.equal(expected);
        }
      }),
      { numRuns: 50 },
    );
  });

  it('keeps $ topics from filters that begin with a wildcard [MQTT-4.7.2-1] [MQTT5-4.7.2-1]', () => {
    const trie = new TopicTrie<string>();
    for (const filter of ['#', '+/a', '$x/#', '$x/+']) trie.add(filter, filter);
    expect(matched(trie, '$x/a')).to.deep.equal(['$x/#', '$x/+']);
  });

  it('is not misled by levels named like members of Object', () => {
    const trie = new TopicTrie<number>();
    expect(matched(trie, '__proto__/constructor')).to.deep.equal([]);
    trie.add('__proto__/toString', 1);
    trie.add('constructor', 2);
    expect(matched(trie, '__proto__/toString')).to.deep.equal([1]);
    expect(matched(trie, 'constructor')).to.deep.equal([2]);
    expect(matched(trie, 'hasOwnProperty')).to.deep.equal([]);
    expect(trie.remove('__proto__', 1)).to.equal(false);
  });

  it('takes names and filters of 65,535 levels', () => {
    const trie = new TopicTrie<string>();
    const topic = '/'.repeat(65_534);
    const filter = '+/'.repeat(32_767) + '#';
    trie.add(topic, 'exact');
    trie.add(filter, 'wild');
    trie.add('#', 'all');
    expect(matched(trie, topic)).to.deep.equal(['all', 'exact', 'wild']);
    expect(trie.remove(topic, 'exact')).to.equal(true);
    expect(trie.remove(filter, 'wild')).to.equal(true);
    expect(matched(trie, topic)).to.deep.equal(['all']);
  });

  it('looks at no more levels of a name than its filters have', () => {
    const trie = new TopicTrie<number>();
    trie.add('a/b', 1);
    const topic = 'a/b' + '/x'.repeat(30_000);
    const started = performance.now();
    for (let i = 0; i < 10_000; i++) expect(matched(trie, topic)).to.deep.equal([]);
    // 300 million levels if it looked at all of them
    expect(performance.now() - started).to.be.lessThan(2000);
  });

  it('gives back the memory of removed filters', () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const trie = new TopicTrie<number>();
    const turn = (): void => {
      for (let i = 0; i < 20_000; i++) trie.add(`a/${i}/+/c`, i);
      for (let i = 0; i < 20_000; i++) expect(trie.remove(`a/${i}/+/c`, i)).to.equal(true);
    };
    turn();
    collect();
    const before = process.memoryUsage().heapUsed;
    turn();
    collect();
    expect(process.memoryUsage().heapUsed - before).to.be.lessThan(1_000_000);
  });
});
