import { expect } from 'chai';
import { StoreSpread } from '../../../src/common/store-spread.ts';
import type { StoreTable, TableStore } from '../../../src/common/store-table.ts';

function storeOf(generation: number, ...topics: string[]): TableStore {
  return {
    name: `${String(generation)}:${topics.join()}:${String(Math.random())}`,
    topics,
    generation,
  };
}

function tableOf(active: number, ...stores: TableStore[]): StoreTable {
  return { stores, active };
}

const three = new StoreSpread(tableOf(1, storeOf(1), storeOf(1), storeOf(1)));
const sixteen = new StoreSpread(tableOf(1, ...Array.from({ length: 16 }, () => storeOf(1))));

describe('StoreSpread', () => {
  // Where things lie on disk follows from this: a change loses what is stored. From a second implementation.
  it('places topics and clients as it always has', () => {
    const keys = [
      '',
      'a',
      'a/b',
      'sensors/1/temperature',
      'client-1',
      'ü/😀',
      '$SYS/x',
      'x'.repeat(300),
    ];
    expect(keys.map((key) => three.homeOf(key))).to.deep.equal([0, 2, 2, 1, 1, 0, 2, 2]);
    expect(keys.map((key) => sixteen.homeOf(key))).to.deep.equal([3, 13, 2, 1, 3, 4, 8, 11]);
    expect(keys.map((key) => three.laneOfTopic(key))).to.deep.equal(
      keys.map((key) => three.homeOf(key)),
    );
  });

  it('gives each store its share', () => {
    const keys = 16_000;
    const makers: ((i: number) => string)[] = [
      (i) => `sensors/${String(i)}`,
      (i) => `a/${String(i % 100)}/${String(i)}/t`,
      (i) => i.toString(16).padStart(16, '0'),
    ];
    for (const make of makers) {
      const counts = Array<number>(16).fill(0);
      for (let i = 0; i < keys; i++) counts[sixteen.homeOf(make(i))]!++;
      for (const count of counts) expect(count).to.be.within(850, 1_150);
    }
  });

  it('asks the stores that serve a first level by name, and the others for all else', () => {
    const spread = new StoreSpread(tableOf(1, storeOf(1), storeOf(1, 'x', 'y'), storeOf(1, 'y')));
    expect(spread.lanes).to.equal(3);
    for (const topic of ['x', 'x/1', 'x/2/3']) expect(spread.laneOfTopic(topic)).to.equal(1);
    for (const topic of ['', '/x', 'z/x', 'xx', 'x x/y']) {
      expect(spread.laneOfTopic(topic)).to.equal(0);
    }
    const lanes = Array.from({ length: 50 }, (_, i) => spread.laneOfTopic(`y/${String(i)}`));
    expect(new Set(lanes)).to.deep.equal(new Set([1, 2]));
  });

  it('brings P2P topics to the home of their client', () => {
    const spread = new StoreSpread(tableOf(2, storeOf(1), storeOf(1), storeOf(2, 'x'), storeOf(2)));
    for (let i = 0; i < 50; i++) {
      const client = String(i);
      expect(spread.laneOfTopic(`x/p2p/${client}`)).to.equal(spread.homeOf(client));
      expect(spread.lanesOfFilter(`x/p2p/${client}`)).to.deep.equal([spread.homeOf(client)]);
      expect(spread.homeOf(client)).to.be.below(2);
    }
  });

  it('reads a filter from all that may serve it, the oldest first', () => {
    const stores = [storeOf(1), storeOf(1, 'x'), storeOf(2), storeOf(3, 'z'), storeOf(3, 'x')];
    const spread = new StoreSpread(tableOf(2, ...stores));
    expect(spread.lanesOfFilter('#')).to.deep.equal([0, 1, 2, 3, 4]);
    expect(spread.lanesOfFilter('+/x')).to.deep.equal([0, 1, 2, 3, 4]);
    expect(spread.lanesOfFilter('x/#')).to.deep.equal([1, 4]);
    expect(spread.lanesOfFilter('a/+')).to.deep.equal([0, 2]);
    expect(spread.lanesOfFilter('z/#')).to.deep.equal([0, 2, 3]);
    expect(spread.lanesOfFilter('z/1')).to.be.deep.oneOf([
      [0, 3],
      [0, 2, 3],
    ]);
  });

  it('sends nothing to stores that are being added', () => {
    const before = new StoreSpread(tableOf(1, storeOf(1)));
    const prepared = new StoreSpread(tableOf(1, storeOf(1), storeOf(2)));
    const active = new StoreSpread(tableOf(2, storeOf(1), storeOf(2)));
    const moved = Array.from({ length: 100 }, (_, i) => `t/${String(i)}`).filter((topic) => {
      expect(before.laneOfTopic(topic)).to.equal(0);
      expect(prepared.laneOfTopic(topic)).to.equal(0);
      const lane = active.laneOfTopic(topic);
      const lanes = lane === 0 ? [0] : [0, 1];
      expect(prepared.lanesOfFilter(topic)).to.deep.equal(lanes);
      expect(active.lanesOfFilter(topic)).to.deep.equal(lanes);
      return lane === 1;
    });
    expect(moved.length).to.be.within(30, 70);
  });

  it('tells which lanes are older than one, and whether it takes messages', () => {
    const spread = new StoreSpread(tableOf(2, storeOf(1), storeOf(1), storeOf(2), storeOf(3)));
    expect([0, 1, 2, 3].map((lane) => spread.eldersOf(lane))).to.deep.equal([0, 0, 2, 3]);
    expect([0, 1, 2, 3].map((lane) => spread.isInForce(lane))).to.deep.equal([
      true,
      true,
      true,
      false,
    ]);
    expect(() => spread.eldersOf(4)).to.throw(RangeError);
  });

  it('refuses a table without the active generation', () => {
    expect(() => new StoreSpread(tableOf(2, storeOf(1)))).to.throw(RangeError);
  });
});
