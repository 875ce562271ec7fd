import { expect } from 'chai';
import fc from 'fast-check';
import {
  BLOCK_HEADER_BYTES,
  blockDamage,
  blockRecords,
  sealBlock,
} from '../../../src/lmq/embedded/layout/v1/block.ts';
import {
  decodeIndexEntry,
  encodeIndexEntry,
  type EntrySource,
  maxEntryBytes,
  positionsOf,
} from '../../../src/lmq/embedded/layout/v1/index-entry.ts';
import { VarintReader, writeVarint } from '../../../src/common/bytes/varint.ts';
import { NO_EXPIRY, recordSize, writeRecord } from '../../../src/lmq/spi/record.ts';

const NONE = Buffer.alloc(0);

/** A sealed block with records of these payload lengths, and where each begins. */
function blockOf(lengths: readonly number[]): { block: Buffer; positions: number[] } {
  const size = lengths.reduce(
    (sum, length) => sum + recordSize(1, 0, 0, length),
    BLOCK_HEADER_BYTES,
  );
  const block = Buffer.alloc(size);
  const positions: number[] = [];
  let at = BLOCK_HEADER_BYTES;
  for (const length of lengths) {
    positions.push(at);
    const payload = Buffer.alloc(length, 'p');
    at = writeRecord(
      block,
      at,
      0,
      Buffer.from('t'),
      NONE,
      NONE,
      NO_EXPIRY,
      0,
      0,
      payload,
      0,
      length,
    );
  }
  sealBlock(block, lengths.length);
  return { block, positions };
}

interface Part {
  readonly step: number;
  readonly lengths: number[];
  readonly picks: boolean[];
}

const parts = fc.array(
  fc.record({
    step: fc.oneof(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 2 ** 45 })),
    lengths: fc.array(fc.oneof(fc.nat(20), fc.nat(70_000)), { minLength: 1, maxLength: 12 }),
    picks: fc.array(fc.boolean(), { minLength: 12, maxLength: 12 }),
  }),
  { minLength: 1, maxLength: 5 },
);

function encode(source: readonly Part[]): {
  value: Buffer;
  records: number;
  expected: { number: number; block: Buffer; positions: number[] }[];
} {
  let number = 0;
  const expected = source.map(({ step, lengths, picks }) => {
    number += step;
    const { block, positions } = blockOf(lengths);
    const chosen = positions.filter((_, i) => picks[i]);
    return { number, block, positions: chosen.length === 0 ? positions.slice(0, 1) : chosen };
  });
  const records = expected.reduce((sum, part) => sum + part.positions.length, 0);
  const first = expected.reduceRight<EntrySource | undefined>(
    (next, { number: blockNumber, block: buffer, positions }) => {
      const { length: count } = positions;
      return { blockNumber, buffer, positions, start: 0, count, hasGaps: true, next };
    },
    undefined,
  ) as EntrySource;
  const target = Buffer.alloc(maxEntryBytes(first, records));
  const length = encodeIndexEntry(target, records, first);
  return { value: target.subarray(0, length), records, expected };
}

describe('values of layout 1', () => {
  it('varints hold every safe integer', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.nat(300), fc.maxSafeNat())), (values) => {
        const target = Buffer.alloc(values.length * 8);
        let at = 0;
        for (const value of values) at = writeVarint(target, value, at);
        const reader = new VarintReader(target.subarray(0, at), 0);
        for (const value of values) expect(reader.next()).to.equal(value);
        expect(reader.failed).to.equal(false);
        expect(reader.atEnd).to.equal(true);
        reader.next();
        expect(reader.failed).to.equal(true);
      }),
    );
  });

  it('index entries find the records that they were made of', () => {
    fc.assert(
      fc.property(parts, fc.maxSafeNat(), (source, firstOffset) => {
        const { value, records, expected } = encode(source);
        const entry = decodeIndexEntry(firstOffset, value);
        expect(entry).to.deep.include({ firstOffset, count: records });
        expect(entry?.parts.length).to.equal(expected.length);
        for (const [i, part] of (entry?.parts ?? []).entries()) {
          const { number, block, positions } = expected[i] as (typeof expected)[0];
          expect(part.block).to.equal(number);
          expect(part.count).to.equal(positions.length);
          expect(positionsOf(part, block)).to.deep.equal(positions);
        }
      }),
    );
  });

  it('index entries of records that follow each other are the same whether that is known or found out', () => {
    const ranges = fc.array(fc.tuple(fc.integer({ min: 1, max: 9 }), fc.nat(8), fc.nat(8)), {
      minLength: 1,
      maxLength: 5,
    });
    fc.assert(
      fc.property(ranges, (sizes) => {
        let withGaps: EntrySource | undefined;
        let without: EntrySource | undefined;
        let records = 0;
        for (const [i, [size, a, b]] of sizes.entries()) {
          const { block: buffer, positions } = blockOf(Array(size).fill(5) as number[]);
          const start = Math.min(a % size, b % size);
          const count = Math.abs((a % size) - (b % size)) + 1;
          const blockNumber = sizes.length - i;
          const part = { blockNumber, buffer, positions, start, count };
          withGaps = { ...part, hasGaps: true, next: withGaps };
          without = { ...part, hasGaps: false, next: without };
          records += count;
        }
        const values = [withGaps as EntrySource, without as EntrySource].map((first) => {
          const target = Buffer.alloc(maxEntryBytes(first, records));
          return target.toString('hex', 0, encodeIndexEntry(target, records, first));
        });
        expect(values[0]).to.equal(values[1]);
        const found = decodeIndexEntry(0, Buffer.from(values[1] as string, 'hex'));
        expect(found?.count).to.equal(records);
      }),
    );
  });

  it('index entries that are cut off or longer are refused', () => {
    fc.assert(
      fc.property(parts, fc.nat(), (source, cut) => {
        const { value } = encode(source);
        expect(decodeIndexEntry(0, value.subarray(0, cut % value.length))).to.equal(undefined);
        expect(decodeIndexEntry(0, Buffer.concat([value, Buffer.of(0)]))).to.equal(undefined);
      }),
    );
  });

  it('index entries of any bytes are refused or read, without an exception', () => {
    const { block } = blockOf([1, 2, 3]);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        const entry = decodeIndexEntry(0, Buffer.from([0xe1, ...bytes]));
        for (const part of entry?.parts ?? []) {
          const positions = positionsOf(part, block);
          if (positions !== undefined) expect(positions.length).to.equal(part.count);
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it('blocks show any change of a byte and any change of length', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(100), { minLength: 1, maxLength: 10 }),
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        (lengths, where, change) => {
          const { block } = blockOf(lengths);
          expect(blockDamage(block)).to.equal(undefined);
          expect(blockRecords(block)).to.equal(lengths.length);
          expect(blockDamage(block.subarray(0, where % block.length))).to.be.a('string');
          const at = where % block.length;
          if (at === 2 || at === 3) return; // reserved, free for a later version
          block[at] = (block[at] as number) ^ change;
          expect(blockDamage(block)).to.be.a('string');
        },
      ),
    );
  });
});
