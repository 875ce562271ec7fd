import { expect } from 'chai';
import fc from 'fast-check';
import { readReceivedRuns } from '../../../../src/gateway/session/received-runs.ts';
import {
  PAGED_ABOVE_RUNS,
  RECEIVED_PAGES,
  ReceivedSet,
} from '../../../../src/gateway/session/received-set.ts';
import { StateReader } from '../../../../src/gateway/session/state-reader.ts';

/** Ids near each other and at both ends, so that runs meet. */
const packetId = fc.oneof(
  fc.integer({ min: 1, max: 40 }),
  fc.integer({ min: 2040, max: 2060 }),
  fc.integer({ min: 65_500, max: 65_535 }),
  fc.integer({ min: 1, max: 65_535 }),
);
const steps = fc.array(fc.tuple(fc.boolean(), packetId), { maxLength: 200 });

function setOf(ids: Iterable<number>): ReceivedSet {
  const set = new ReceivedSet();
  for (const id of ids) set.add(id);
  return set;
}

function idsOf(set: ReceivedSet): number[] {
  return Array.from({ length: 65_535 }, (_, i) => i + 1).filter((id) => set.has(id));
}

/** What a record would have of it. */
function written(set: ReceivedSet): number[] {
  const target = Buffer.alloc(set.mostBytes);
  const end = set.write(target, 0);
  const reader = new StateReader(target.subarray(0, end), 'record', 'c');
  return [...readReceivedRuns(reader, set.size)];
}

function scattered(count: number): number[] {
  return Array.from({ length: count }, (_, i) => 1 + i * 2);
}

/** Writes what has changed to `pages`, as a store would; returns how many. */
function save(set: ReceivedSet, pages: Map<number, Buffer>): number {
  set.settle();
  let writes = 0;
  for (let index = 0; index < RECEIVED_PAGES; index++) {
    if ((set.changedPages & (1 << index)) === 0) continue;
    writes++;
    const page = set.page(index);
    if (page === undefined) pages.delete(index);
    else pages.set(index, page);
  }
  set.saved();
  return writes;
}

function loaded(pages: ReadonlyMap<number, Buffer>): ReceivedSet {
  const set = new ReceivedSet();
  for (const [index, page] of pages) set.load(index, page);
  return set;
}

describe('gateway: ReceivedSet', () => {
  it('has what was added and not deleted, and writes it as runs', () => {
    fc.assert(
      fc.property(steps, (all) => {
        const set = new ReceivedSet();
        const expected = new Set<number>();
        for (const [isAdd, id] of all) {
          if (isAdd) {
            set.add(id);
            expected.add(id);
          } else expect(set.delete(id)).to.equal(expected.delete(id));
        }
        expect(set.size).to.equal(expected.size);
        expect(written(set)).to.deep.equal([...expected].sort((a, b) => a - b));
        expect([...expected].every((id) => set.has(id))).to.equal(true);
      }),
      { numRuns: 300 },
    );
  });

  it('stays part of the record as long as there are few runs, however many identifiers', () => {
    const set = setOf(Array.from({ length: 65_535 }, (_, i) => i + 1));
    set.settle();
    expect(set.pages).to.equal(undefined);
    expect(set.mostBytes).to.be.below(10);
    expect(written(set).length).to.equal(65_535);
    expect([set.has(0), set.has(65_536)]).to.deep.equal([false, false]);
  });

  it('saves one page for each publish and release when there are many runs [MQTT-4.3.3-2]', () => {
    const pages = new Map<number, Buffer>();
    const set = setOf(scattered(32_500));
    expect(save(set, pages)).to.equal(32);
    expect(set.mostBytes).to.equal(0);
    for (const id of [65_100, 2, 40_000, 2048]) {
      set.add(id);
      expect(save(set, pages)).to.equal(1);
      set.delete(id - 1);
      expect(save(set, pages)).to.be.at.most(1);
    }
    expect(save(set, pages)).to.equal(0);
    const again = loaded(pages);
    expect(again.size).to.equal(set.size);
    expect(idsOf(again)).to.deep.equal(idsOf(set));
    expect(save(again, pages)).to.equal(0);
  });

  it('goes back into the record when most are released, and leaves no page behind', () => {
    const ids = scattered(PAGED_ABOVE_RUNS + 1);
    const pages = new Map<number, Buffer>();
    const set = setOf(ids);
    save(set, pages);
    expect(set.pages).to.equal(1);
    for (const id of ids.splice(64)) set.delete(id);
    expect(save(set, pages)).to.equal(1);
    expect([pages.size, set.pages]).to.deep.equal([0, undefined]);
    expect(written(set)).to.deep.equal(ids);
  });

  it('is what its pages say, whatever happens between saves', () => {
    const bursts = fc.array(fc.tuple(fc.boolean(), fc.integer({ min: 1, max: 9000 })), {
      maxLength: 60,
    });
    fc.assert(
      fc.property(fc.array(bursts, { maxLength: 15 }), (rounds) => {
        const pages = new Map<number, Buffer>();
        let set = setOf(scattered(400));
        save(set, pages);
        for (const round of rounds) {
          for (const [isAdd, id] of round) {
            for (let i = id; i < id + 16; i += 2) {
              if (isAdd) set.add(i);
              else set.delete(i);
            }
          }
          save(set, pages);
          if (set.pages === undefined) {
            expect(pages.size).to.equal(0);
            continue;
          }
          let named = 0;
          for (const index of pages.keys()) named |= 1 << index;
          expect(named).to.equal(set.pages);
          const again = loaded(pages);
          expect(again.size).to.equal(set.size);
          set = again;
        }
      }),
      { numRuns: 60 },
    );
  });

  it('writes all pages once more after `touch`, and deletes them after `clear`', () => {
    const pages = new Map<number, Buffer>();
    const set = setOf(scattered(4000));
    const count = save(set, pages);
    expect(count).to.equal(4);
    set.touch();
    expect(save(set, pages)).to.equal(4);
    set.clear();
    expect(set.size).to.equal(0);
    expect(save(set, pages)).to.equal(4);
    expect(pages.size).to.equal(0);
    set.add(3);
    expect(written(set)).to.deep.equal([3]);
  });
});
