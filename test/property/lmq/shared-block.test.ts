import { expect } from 'chai';
import fc from 'fast-check';
import { joinParts, type SegmentPart } from '../../../src/lmq/server/record-block.ts';
import { shareBlock } from '../../../src/lmq/server/shared-block.ts';
import { recordLength } from '../../../src/lmq/spi/record.ts';
import { recordOf } from '../../unit/lmq/server/server-world.ts';

const HEADER_BYTES = 16;

/** Some buffers of records, and lists of which of them each queue has got. */
const worlds = fc
  .array(fc.array(fc.string({ maxLength: 200 }), { minLength: 1, maxLength: 20 }), {
    minLength: 1,
    maxLength: 4,
  })
  .chain((buffers) =>
    fc.record({
      buffers: fc.constant(buffers),
      lists: fc.array(
        fc.array(
          fc.nat(buffers.length - 1).chain((buffer) =>
            fc.record({
              buffer: fc.constant(buffer),
              records: fc.subarray(Array.from((buffers[buffer] as string[]).keys()), {
                minLength: 1,
              }),
            }),
          ),
          { minLength: 1, maxLength: 3 },
        ),
        { minLength: 1, maxLength: 5 },
      ),
    }),
  );

describe('blocks of a frame', () => {
  it('hold what each queue has got, in its order, and hardly more than all of that', () => {
    fc.assert(
      fc.property(worlds, ({ buffers, lists }) => {
        const sources = buffers.map((texts) => buffered(texts));
        const parts = lists.map((list) =>
          list.map(({ buffer, records }) => partOf(sources[buffer] as Source, records)),
        );
        const { block, positions } = shareBlock(parts);
        for (const [i, list] of parts.entries()) {
          const wanted = list.flatMap(recordsOf);
          const table = positions[i] as Buffer;
          const found = Array.from({ length: table.length / 4 }, (_, j) =>
            recordAt(block, table.readUInt32LE(j * 4)),
          );
          expect(found).to.deep.equal(wanted);
          expect(joinParts(list)).to.deep.equal(Buffer.concat(wanted));
        }
        const asked = parts.flat().reduce((sum, part) => sum + joinParts([part]).length, 0);
        expect(block.length).to.be.at.most(2 * asked);
      }),
    );
  });
});

interface Source {
  readonly buffer: Buffer;
  readonly positions: readonly number[];
}

function buffered(texts: readonly string[]): Source {
  const pieces: Buffer[] = [Buffer.alloc(HEADER_BYTES)];
  const positions: number[] = [];
  let at = HEADER_BYTES;
  for (const text of texts) {
    const record = recordOf('topic', text);
    positions.push(at);
    pieces.push(record);
    at += record.length;
  }
  return { buffer: Buffer.concat(pieces), positions };
}

function partOf({ buffer, positions }: Source, records: readonly number[]): SegmentPart {
  const wanted = records.map((index) => positions[index] as number);
  // As in the log, where a segment may share the positions of its block with others.
  const start = records[0] as number;
  const segment = {
    firstOffset: 0,
    count: wanted.length,
    buffer,
    positions: [...positions.slice(0, start), ...wanted, ...positions.slice(start)],
    start,
    memo: undefined,
  };
  return { segment, from: 0, to: wanted.length };
}

function recordsOf({ segment, from, to }: SegmentPart): Buffer[] {
  const wanted: Buffer[] = [];
  for (let i = from; i < to; i++) {
    wanted.push(recordAt(segment.buffer, segment.positions[segment.start + i] as number));
  }
  return wanted;
}

function recordAt(buffer: Buffer, at: number): Buffer {
  return buffer.subarray(at, at + recordLength(buffer, at));
}
