import { expect } from 'chai';
import {
  RetainedIndex,
  type RetainedTopic,
} from '../../../../src/gateway/retained/retained-index.ts';
import {
  type RetainedLookUp,
  RetainedLookUps,
} from '../../../../src/gateway/retained/retained-look-up.ts';

function source(...topics: readonly string[]): RetainedLookUp {
  const index = new RetainedIndex();
  for (const topic of topics) index.set({ topic, bytes: 1, expiresAt: Infinity });
  return {
    mayMatch: (filter) => index.match(filter).next().done !== true,
    match: (filter) => index.match(filter),
    ready: () => undefined,
    read: (names) => Promise.resolve(names.map((name) => Buffer.from(`${topics.join()}:${name}`))),
  };
}

function names(walk: Iterable<RetainedTopic | undefined>): string[] {
  return [...walk].flatMap((topic) => topic?.topic ?? []);
}

describe('gateway: RetainedLookUps', () => {
  const both = new RetainedLookUps(source('a', 'b/c'), source('$SYS/x'));

  it('asks the one that may have what a filter matches', () => {
    expect(names(both.match('#'))).to.deep.equal(['a', 'b/c']);
    expect(names(both.match('$SYS/#'))).to.deep.equal(['$SYS/x']);
    expect(names(both.match('$other/#'))).to.deep.equal([]);
    expect(both.mayMatch('$SYS/+')).to.equal(true);
    expect(both.mayMatch('$SYS/y')).to.equal(false);
    expect(both.mayMatch('a')).to.equal(true);
  });

  it('reads from the one that has the topics', async () => {
    expect(String((await both.read(['a']))[0])).to.equal('a,b/c:a');
    expect(String((await both.read(['$SYS/x']))[0])).to.equal('$SYS/x:$SYS/x');
    expect(await both.read([])).to.deep.equal([]);
  });
});
