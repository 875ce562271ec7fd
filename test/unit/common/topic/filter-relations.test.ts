import { expect } from 'chai';
import { covers, overlaps } from '../../../../src/common/topic/filter-relations.ts';
import { isValidTopicFilter, matches } from '../../../../src/common/topic/topic-filter.ts';
import { isValidTopicName } from '../../../../src/common/topic/topic-name.ts';

/** Every text of one to `most` levels out of `levels`. */
function textsOf(levels: readonly string[], most: number): string[] {
  let all = [...levels];
  let last = all;
  for (let i = 1; i < most; i++) {
    last = last.flatMap((text) => levels.map((level) => `${text}/${level}`));
    all = [...all, ...last];
  }
  return all;
}

const filters = textsOf(['', 'a', '$s', '+', '#'], 3).filter(isValidTopicFilter);
// One level more than the filters, and a word that is in none of them.
const topics = textsOf(['', 'a', '$s', 'x'], 4).filter(isValidTopicName);

describe('filter relations', () => {
  const matched = new Map(
    filters.map((filter) => [filter, new Set(topics.filter((topic) => matches(filter, topic)))]),
  );
  const topicsOf = (filter: string): Set<string> => matched.get(filter) as Set<string>;

  it('covers what all matching topics say, over all short filters', () => {
    for (const wide of filters) {
      for (const narrow of filters) {
        const expected = [...topicsOf(narrow)].every((topic) => topicsOf(wide).has(topic));
        expect(covers(wide, narrow), `${wide} covers ${narrow}`).to.equal(expected);
      }
    }
  });

  it('overlaps where a topic matches both, over all short filters', () => {
    for (const left of filters) {
      for (const right of filters) {
        const expected = [...topicsOf(left)].some((topic) => topicsOf(right).has(topic));
        expect(overlaps(left, right), `${left} overlaps ${right}`).to.equal(expected);
      }
    }
  });
});
