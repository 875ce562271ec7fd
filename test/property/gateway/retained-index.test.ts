import { expect } from 'chai';
import fc from 'fast-check';
import { RetainedIndex } from '../../../src/gateway/retained/retained-index.ts';

/** The rules of MQTT 3.1.1 §4.7, level by level. */
function naiveMatch(filter: string, topic: string): boolean {
  const wanted = filter.split('/');
  const levels = topic.split('/');
  if (topic.startsWith('$') && (wanted[0] === '+' || wanted[0] === '#')) return false;
  for (const [i, level] of wanted.entries()) {
    if (level === '#') return levels.length >= i;
    if (i >= levels.length || (level !== '+' && level !== levels[i])) return false;
  }
  return wanted.length === levels.length;
}

const LEVELS = ['', 'a', 'b', '$x'];

/** Every list of one to `depth` of the words. */
function lists(words: readonly string[], depth: number): string[][] {
  if (depth === 0) return [[]];
  const shorter = lists(words, depth - 1);
  return [
    ...shorter,
    ...shorter.filter((l) => l.length === depth - 1).flatMap((l) => words.map((w) => [...l, w])),
  ];
}

const topics = lists(LEVELS, 3)
  .map((levels) => levels.join('/'))
  .filter((name) => name !== '');
const filters = lists([...LEVELS, '+', '#'], 3)
  .filter((levels) => !levels.slice(0, -1).includes('#'))
  .map((levels) => levels.join('/'))
  .filter((name) => name !== '');

describe('property: the index of retained topics', () => {
  it('finds what a naive matcher finds, for all small filters, in any state', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.constantFrom(...topics), fc.boolean()), { maxLength: 60 }),
        (steps) => {
          const index = new RetainedIndex();
          const model = new Set<string>();
          for (const [topic, isSet] of steps) {
            if (isSet) {
              index.set({ topic, bytes: 1, expiresAt: Infinity });
              model.add(topic);
            } else {
              expect(index.delete(topic)).to.equal(model.delete(topic));
            }
          }
          expect([index.size, index.bytes]).to.deep.equal([model.size, model.size]);
          for (const filter of filters) {
            const hits = [...index.match(filter)].map((hit) => hit?.topic);
            const wanted = [...model].filter((topic) => naiveMatch(filter, topic));
            if (hits.sort().join() !== wanted.sort().join()) {
              expect(hits, filter).to.deep.equal(wanted);
            }
          }
        },
      ),
      { numRuns: 200 },
    );
  });

  it('finds every single topic with every filter that matches it', () => {
    for (const topic of topics) {
      const index = new RetainedIndex();
      index.set({ topic, bytes: 1, expiresAt: Infinity });
      for (const filter of filters) {
        const isFound = [...index.match(filter)].length > 0;
        if (isFound !== naiveMatch(filter, topic)) expect.fail(`${filter} and ${topic}`);
      }
    }
  });
});
