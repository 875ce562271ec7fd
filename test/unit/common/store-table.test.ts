import { expect } from 'chai';
import {
  formatStoreTable,
  isGrowing,
  isGrownFrom,
  newestGeneration,
  parseStoreTable,
  type StoreTable,
  type TableStore,
} from '../../../src/common/store-table.ts';

const store = (name: string, generation = 1, topics: readonly string[] = []): TableStore => ({
  name,
  topics,
  generation,
});
const table = (active: number, ...stores: TableStore[]): StoreTable => ({ stores, active });

describe('table of stores', () => {
  it('is the same after it was text, and its text is stable', () => {
    const grown = table(1, store('a'), store('b', 1, ['x', 'y z']), store('c', 2));
    const text =
      '{"format":1,"active":1,"stores":[{"name":"a","topics":[],"generation":1},' +
      '{"name":"b","topics":["x","y z"],"generation":1},{"name":"c","topics":[],"generation":2}]}';
    expect(formatStoreTable(grown)).to.equal(text);
    expect(parseStoreTable(text)).to.deep.equal(grown);
  });

  it('grows while its newest generation is not active', () => {
    const grown = table(1, store('a'), store('b', 2));
    expect(newestGeneration(grown)).to.equal(2);
    expect(isGrowing(grown)).to.equal(true);
    expect(isGrowing({ ...grown, active: 2 })).to.equal(false);
  });

  for (const [what, text, message] of [
    ['no JSON', '{', 'not JSON'],
    ['no object', '[]', 'the table of stores is no object'],
    ['another format', '{"format":2}', 'has format 2'],
    ['no stores', '{"format":1,"active":1,"stores":[]}', 'no stores'],
    ['no list', '{"format":1,"active":1,"stores":{}}', 'stores is no list'],
    ['a store that is no object', '{"format":1,"active":1,"stores":[1]}', 'a store is no object'],
    [
      'a name that is no text',
      '{"format":1,"active":1,"stores":[{"name":1,"topics":[],"generation":1}]}',
      'name is no text',
    ],
    [
      'a generation that is no number',
      '{"format":1,"active":1,"stores":[{"name":"a","topics":[],"generation":0.5}]}',
      'generation is no number',
    ],
  ] as const) {
    it(`refuses ${what}`, () => {
      expect(() => parseStoreTable(text)).to.throw(RangeError, message);
    });
  }

  for (const [what, unsound, message] of [
    ['a store twice', table(1, store('a'), store('a', 2)), 'twice'],
    ['a generation too far', table(1, store('a'), store('b', 3)), 'out of order'],
    ['an older generation later', table(2, store('a'), store('b', 2), store('c')), 'out of order'],
    ['a table that begins later', table(2, store('a', 2)), 'not of generation 1'],
    ['none that serves all at first', table(1, store('a', 1, ['x'])), 'serves all topics'],
    ['an active generation that is not there', table(2, store('a')), 'cannot be active'],
    [
      'two generations that are being added',
      table(1, store('a'), store('b', 2), store('c', 3)),
      'cannot be active',
    ],
    ['a comma in a name', table(1, store('a,b')), 'no name'],
    ['two levels', table(1, store('a'), store('b', 1, ['x/y'])), '"x/y" of store b'],
    ['a wildcard', table(1, store('a'), store('b', 1, ['+'])), '"+" of store b'],
    ['a level twice', table(1, store('a'), store('b', 1, ['x', 'x'])), 'a first level twice'],
    [
      'more stores than lanes',
      table(1, ...Array.from({ length: 17 }, (_, index) => store(`s${String(index)}`))),
      '16 are the most',
    ],
  ] as const) {
    it(`refuses ${what}`, () => {
      expect(() => formatStoreTable(unsound)).to.throw(RangeError, message);
    });
  }

  describe('is grown from another', () => {
    const first = table(1, store('a'), store('b', 1, ['x']));
    const prepared = table(1, ...first.stores, store('c', 2));

    it('when stores of a new generation follow, or it has become active', () => {
      expect(isGrownFrom(first, first)).to.equal(true);
      expect(isGrownFrom(first, prepared)).to.equal(true);
      expect(isGrownFrom(prepared, { ...prepared, active: 2 })).to.equal(true);
      expect(isGrownFrom(first, { ...prepared, active: 2 })).to.equal(true);
    });

    it('not when something is gone, has changed or has changed its place', () => {
      expect(isGrownFrom(prepared, first)).to.equal(false);
      expect(isGrownFrom({ ...prepared, active: 2 }, prepared)).to.equal(false);
      expect(isGrownFrom(first, table(1, store('b', 1, ['x']), store('a')))).to.equal(false);
      expect(isGrownFrom(first, table(1, store('a'), store('b', 1, ['y'])))).to.equal(false);
    });

    it('not when a generation has got more stores', () => {
      expect(isGrownFrom(first, table(1, ...first.stores, store('c')))).to.equal(false);
    });
  });
});
