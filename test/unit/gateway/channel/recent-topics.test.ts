import { expect } from 'chai';
import { RecentTopics } from '../../../../src/gateway/channel/recent-topics.ts';
import type { TopicEntry } from '../../../../src/gateway/routing/topic-table.ts';

const table = new Map<string, TopicEntry>();

/** The same one each time, as the table has it. */
function entryOf(name: string): TopicEntry {
  const entry = table.get(name) ?? ({ name, bytes: Buffer.from(name) } as TopicEntry);
  table.set(name, entry);
  return entry;
}

/** Uses topics as a publisher does; how many of them the table has to be asked for. */
function misses(recent: RecentTopics, names: readonly string[], generation = 1): number {
  let count = 0;
  for (const name of names) {
    const bytes = Buffer.from(`__${name}`);
    const expected = recent.expected(generation, bytes, 2, bytes.length);
    if (expected === undefined) {
      recent.add(generation, entryOf(name));
      count++;
    } else {
      expect(expected.name).to.equal(name);
    }
  }
  return count;
}

function cycle(topics: number, rounds: number): string[] {
  return Array.from({ length: topics * rounds }, (_, i) => `a/b/${String(i % topics)}`);
}

describe('gateway: RecentTopics', () => {
  it('knows the topics of a publisher that takes up to 16 of them in turn', () => {
    for (const topics of [2, 10, 16]) {
      expect(misses(new RecentTopics(), cycle(topics, 5))).to.equal(topics);
    }
  });

  it('expects nothing of one that takes more in turn, and keeps no more than 16', () => {
    expect(misses(new RecentTopics(), cycle(17, 3))).to.equal(51);
  });

  it('follows a publisher that changes its topics', () => {
    const recent = new RecentTopics();
    misses(recent, cycle(10, 2));
    const others = ['x', 'y', 'z', 'u', 'v', 'w', '1', '2', '3', '4'];
    misses(recent, others);
    // Where its topics begin anew lies one of those before.
    expect(misses(recent, [...others, ...others, ...others])).to.be.at.most(3);
  });

  it('knows nothing of another generation of the table', () => {
    const recent = new RecentTopics();
    misses(recent, cycle(3, 2));
    expect(recent.expected(2, Buffer.from('a/b/0'), 0, 5)).to.equal(undefined);
    expect(misses(recent, cycle(3, 2), 2)).to.equal(3);
  });

  it('does not hold on to long names', () => {
    const names = ['n'.repeat(256), 'b', 'l'.repeat(257)];
    expect(misses(new RecentTopics(), [...names.slice(0, 2), ...names.slice(0, 2)])).to.equal(2);
    expect(misses(new RecentTopics(), [...names.slice(1), ...names.slice(1)])).to.equal(3);
  });
});
