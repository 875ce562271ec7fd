import { expect } from 'chai';
import fc from 'fast-check';
import { StoreSpread } from '../../../src/common/store-spread.ts';
import {
  newestGeneration,
  type StoreTable,
  type TableStore,
} from '../../../src/common/store-table.ts';
import { p2pClientId } from '../../../src/common/topic/p2p-topic.ts';
import { matches } from '../../../src/common/topic/topic-filter.ts';

const level = fc.constantFrom('a', 'b', 'c', '$d', '', 'p2p', 'long level');
const topic = fc.array(level, { minLength: 1, maxLength: 4 }).map((levels) => levels.join('/'));
/** Topic levels, some of them wildcards: a filter that often matches the topic. */
const filterAndTopic = topic.chain((name) => {
  const levels = name.split('/');
  return fc.tuple(
    fc.oneof(
      fc.constant(name),
      fc
        .tuple(fc.nat(levels.length), fc.array(fc.boolean(), { minLength: 4, maxLength: 4 }))
        .map(([end, plus]) => {
          const kept = levels.slice(0, end).map((part, i) => (plus[i] === true ? '+' : part));
          return (end < levels.length ? [...kept, '#'] : kept).join('/');
        }),
    ),
    fc.constant(name),
  );
});

/** Some stores for each generation; the first one has a store for everything. */
const stores = fc
  .array(
    fc.array(
      fc.uniqueArray(
        level.filter((name) => name !== ''),
        { maxLength: 2 },
      ),
      { minLength: 1, maxLength: 3 },
    ),
    {
      minLength: 1,
      maxLength: 5,
    },
  )
  .map((generations) => {
    const all: TableStore[] = [{ name: 'first', topics: [], generation: 1 }];
    for (const [i, added] of generations.entries()) {
      for (const topics of added) {
        all.push({ name: String(all.length), topics, generation: i + 1 });
      }
    }
    return all;
  });

/** The table in every state that it has had: each generation prepared, and in force. */
function historyOf(all: readonly TableStore[]): StoreTable[] {
  const history: StoreTable[] = [];
  for (let generation = 1; generation <= newestGeneration({ stores: all }); generation++) {
    const known = all.filter((store) => store.generation <= generation);
    if (generation > 1) history.push({ stores: known, active: generation - 1 });
    history.push({ stores: known, active: generation });
  }
  return history;
}

describe('the spread of a table that grows', () => {
  it('finds each message of a filter, wherever a topic has been, in the order of the stores', () => {
    fc.assert(
      fc.property(stores, filterAndTopic, (all, [filter, name]) => {
        fc.pre(filter === name || (matches(filter, name) && p2pClientId(name) === undefined));
        const been: number[] = [];
        for (const table of historyOf(all)) {
          const spread = new StoreSpread(table);
          const lane = spread.laneOfTopic(name);
          expect(spread.isInForce(lane)).to.equal(true);
          if (been.at(-1) !== lane) been.push(lane);
          const lanes = spread.lanesOfFilter(filter);
          expect(lanes).to.include.members(been);
          expect(lanes).to.deep.equal([...new Set(lanes)].sort((a, b) => a - b));
          // An exact filter is not read from where its topic has not been, or will be next.
          if (filter === name && table.active === newestGeneration(table)) {
            expect(lanes).to.deep.equal(been);
          }
        }
        // A topic moves to a store that is new only, and never back.
        expect(been).to.deep.equal([...new Set(been)].sort((a, b) => a - b));
      }),
      { numRuns: 500 },
    );
  });

  it('never moves a home, and loses no lane of a filter', () => {
    fc.assert(
      fc.property(
        stores,
        fc.string({ unit: 'grapheme' }),
        filterAndTopic,
        (all, client, [filter]) => {
          const homes = new Set<number>();
          let before: readonly number[] = [];
          for (const table of historyOf(all)) {
            const spread = new StoreSpread(table);
            homes.add(spread.homeOf(client));
            const lanes = spread.lanesOfFilter(filter);
            expect(lanes.slice(0, before.length)).to.deep.equal(before);
            before = lanes;
          }
          expect(homes.size).to.equal(1);
          expect([...homes][0]).to.be.below(
            all.filter(({ generation }) => generation === 1).length,
          );
        },
      ),
      { numRuns: 300 },
    );
  });
});
