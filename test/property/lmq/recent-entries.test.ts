import { expect } from 'chai';
import fc from 'fast-check';
import {
  decodeIndexEntry,
  encodeIndexEntry,
  maxEntryBytes,
  type EntrySource,
} from '../../../src/lmq/embedded/layout/v1/index-entry.ts';
import { EntryJoiner, MAX_JOINED_BYTES } from '../../../src/lmq/embedded/layout/v1/joined-entry.ts';
import {
  isRecentEntries,
  RecentEntriesWriter,
} from '../../../src/lmq/embedded/layout/v1/recent-entries.ts';
import { blockOfRecentKey, recentKey } from '../../../src/lmq/embedded/layout/v1/recent-key.ts';
import { RecentGeneration } from '../../../src/lmq/embedded/recent-generation.ts';

const RECORD_BYTES = 40;
/** As much of a block as the encoder reads: the records' lengths. */
const BLOCK = Buffer.alloc(16 + 64 * RECORD_BYTES);
for (let i = 0; i < 64; i++) BLOCK.writeUInt32BE(RECORD_BYTES, 16 + i * RECORD_BYTES);

interface Added {
  readonly queueId: number;
  /** For each block of the commit the records in it, as bits. */
  readonly blocks: readonly number[];
}

interface Commit {
  readonly step: number;
  readonly added: readonly Added[];
}

const commits: fc.Arbitrary<Commit[]> = fc.array(
  fc.record({
    step: fc.oneof(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 2 ** 40 })),
    added: fc.uniqueArray(
      fc.record({
        queueId: fc.oneof(fc.integer({ min: 1, max: 6 }), fc.constant(2 ** 47)),
        blocks: fc.array(fc.integer({ min: 1, max: 2 ** 30 - 1 }), { minLength: 1, maxLength: 8 }),
      }),
      { selector: ({ queueId }) => queueId, minLength: 1, maxLength: 6 },
    ),
  }),
  { minLength: 1, maxLength: 12 },
);

type Part = Omit<EntrySource, 'next'>;

function segmentsOf(firstBlock: number, blocks: readonly number[]): Part[] {
  return blocks.map((bits, i) => {
    const positions = [...Array(30).keys()]
      .filter((bit) => (bits & (1 << bit)) !== 0)
      .map((bit) => 16 + bit * RECORD_BYTES);
    const { length: count } = positions;
    const blockNumber = firstBlock + i;
    return { blockNumber, buffer: BLOCK, positions, start: 0, count, hasGaps: true };
  });
}

/** The first of the segments, which leads to the others. */
function chain(parts: readonly Part[]): EntrySource {
  return parts.reduceRight<EntrySource | undefined>(
    (next, part) => ({ ...part, next }),
    undefined,
  ) as EntrySource;
}

interface Expected {
  readonly firstOffset: number;
  readonly segments: Part[];
}

const recordsOf = (segments: readonly Part[]): number =>
  segments.reduce((sum, { positions }) => sum + positions.length, 0);

/** What the commits add to each queue, and their values. */
function encode(source: readonly Commit[]): {
  readonly perQueue: Map<number, Expected[]>;
  readonly values: { readonly firstBlock: number; readonly value: Buffer }[];
} {
  const writer = new RecentEntriesWriter();
  const perQueue = new Map<number, Expected[]>();
  const ends = new Map<number, number>();
  let block = 0;
  const values = source.map(({ step, added }) => {
    const firstBlock = block + step;
    block = firstBlock + 8;
    writer.begin(firstBlock);
    for (const { queueId, blocks } of added) {
      const segments = segmentsOf(firstBlock, blocks);
      const firstOffset = ends.get(queueId) ?? queueId % 1_000;
      ends.set(queueId, firstOffset + recordsOf(segments));
      perQueue.set(queueId, [...(perQueue.get(queueId) ?? []), { firstOffset, segments }]);
      writer.add(queueId, firstOffset, recordsOf(segments), chain(segments));
    }
    return { firstBlock, value: writer.take() };
  });
  return { perQueue, values };
}

function generationOf(values: ReturnType<typeof encode>['values']): RecentGeneration {
  const generation = new RecentGeneration(0);
  for (const { firstBlock, value } of values) generation.add(firstBlock, value);
  return generation;
}

/** Items of a queue, oldest first. */
function itemsOf(generation: RecentGeneration, queueId: number): number[] {
  const items: number[] = [];
  let item = generation.newest(queueId);
  for (; item !== -1; item = generation.previous(item)) items.unshift(item);
  return items;
}

/** The entry that one commit with all of it would have. */
function entryOf(firstOffset: number, segments: readonly Part[]): unknown {
  const records = recordsOf(segments);
  const target = Buffer.alloc(maxEntryBytes(chain(segments), records));
  const length = encodeIndexEntry(target, records, chain(segments));
  return decodeIndexEntry(firstOffset, target.subarray(0, length));
}

describe('recent index entries', () => {
  it('are read as they were written, for each queue in order', () => {
    fc.assert(
      fc.property(commits, (source) => {
        const { perQueue, values } = encode(source);
        for (const { value } of values) expect(isRecentEntries(value)).to.equal(true);
        const generation = generationOf(values);
        for (const [queueId, expected] of perQueue) {
          const entries = itemsOf(generation, queueId).map((item) => generation.entry(item));
          const all = expected.map(({ firstOffset, segments }) => entryOf(firstOffset, segments));
          expect(entries).to.deep.equal(all);
        }
        expect(generation.newest(77)).to.equal(-1);
      }),
    );
  });

  it('are joined to the entry that one commit with all of them would have', () => {
    fc.assert(
      fc.property(commits, (source) => {
        const { perQueue, values } = encode(source);
        const generation = generationOf(values);
        const joiner = new EntryJoiner();
        for (const [queueId, expected] of perQueue) {
          joiner.begin();
          const items = itemsOf(generation, queueId);
          let joined = 0;
          for (const item of items) {
            const bytes = generation.joinTo(joiner, item);
            if (bytes === 0) break;
            expect(bytes).to.be.above(0);
            joined++;
          }
          expect(joined).to.be.above(0);
          const segments = expected.slice(0, joined).flatMap((part) => part.segments);
          const firstOffset = expected[0]?.firstOffset ?? NaN;
          const value = Buffer.from(joiner.finish());
          expect(decodeIndexEntry(firstOffset, value)).to.deep.equal(
            entryOf(firstOffset, segments),
          );
          if (joined < items.length) expect(value.length).to.be.above(MAX_JOINED_BYTES / 3);
        }
      }),
    );
  });

  it('are refused when a byte is changed, missing or too many', () => {
    fc.assert(
      fc.property(commits, fc.nat(), fc.integer({ min: 1, max: 255 }), (source, where, change) => {
        const value = (encode(source).values[0] as { value: Buffer }).value;
        expect(isRecentEntries(value.subarray(0, where % value.length))).to.equal(false);
        expect(isRecentEntries(Buffer.concat([value, Buffer.of(0)]))).to.equal(false);
        const changed = Buffer.from(value);
        const at = where % value.length;
        changed[at] = (changed[at] as number) ^ change;
        expect(isRecentEntries(changed)).to.equal(false);
      }),
    );
  });

  it('have the bytes of format 1', () => {
    const writer = new RecentEntriesWriter();
    writer.begin(1_000);
    writer.add(300, 7, 1, chain(segmentsOf(1_000, [1])));
    writer.add(5, 0, 3, chain(segmentsOf(1_001, [0b110, 0b1])));
    // id, offset, length; records; block, records, runs
    const items = 'ac020704' + '01000100' + '050008' + '03' + '010251' + '02' + '010100';
    const value = writer.take();
    expect(value.toString('hex', 5)).to.equal(items);
    expect(value.toString('hex', 0, 5)).to.match(/^e2/);
    expect(recentKey(1_000).toString('hex')).to.equal('2100000000000003e8');
    expect(blockOfRecentKey(recentKey(2 ** 50))).to.equal(2 ** 50);
    expect(blockOfRecentKey(Buffer.of(0x21))).to.deep.equal(NaN);
    const generation = generationOf([{ firstBlock: 1_000, value }]);
    const joiner = new EntryJoiner();
    joiner.begin();
    expect(generation.joinTo(joiner, generation.newest(300))).to.equal(4);
    expect(generation.joinTo(joiner, generation.newest(5))).to.equal(8);
    // block 1,000, then one further, then one further
    expect(joiner.finish().toString('hex')).to.equal('e104' + 'e8070100' + '0102510201' + '0100');
  });
});
