// The topic trie beside a comparison of every filter. Alone:
// node --import=ts-blank-space/register benchmark/micro/trie.bench.ts
import { TopicTrie } from '../../src/common/topic/topic-trie.ts';
import { report } from './measure.ts';
import type { Comparison } from './measure.ts';

/** Every filter, level by level: what a broker without an index would do. */
function matches(filter: readonly string[], name: readonly string[]): boolean {
  for (const [index, level] of filter.entries()) {
    if (level === '#') return true;
    if (index >= name.length) return false;
    if (level !== '+' && level !== name[index]) return false;
  }
  return filter.length === name.length;
}

/** Devices with one exact filter each, and one in ten with a wildcard. */
function filtersOf(devices: number): string[] {
  return Array.from({ length: devices }, (_, id) =>
    id % 10 === 0 ? `site/${String(id)}/+/state` : `site/${String(id)}/sensor/state`,
  );
}

let sink = 0;
const add = (): void => {
  sink++;
};

function comparison(devices: number): Comparison {
  const filters = filtersOf(devices);
  const trie = new TopicTrie<string>();
  for (const filter of filters) trie.add(filter, filter);
  const split = filters.map((filter) => filter.split('/'));
  const name = `site/${String(devices / 2)}/sensor/state`;
  const levels = name.split('/');
  return {
    title: `match one topic name against ${String(devices)} filters`,
    own: {
      name: 'lmqtt TopicTrie',
      operations: 1,
      run: () => {
        trie.match(name, add);
      },
    },
    other: {
      name: 'every filter compared',
      operations: 1,
      run: () => {
        for (const filter of split) if (matches(filter, levels)) add();
      },
    },
  };
}

report([comparison(10), comparison(1000), comparison(100_000)]);
if (sink === 0) throw new Error('nothing matched');
