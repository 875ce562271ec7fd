import { expect } from 'chai';
import fc from 'fast-check';
import {
  indexKey,
  offsetOfIndexKey,
  queueOfIndexKey,
} from '../../../src/lmq/embedded/layout/v1/index-key.ts';
import { filterKey, filterOfKey } from '../../../src/lmq/embedded/layout/v1/filter-key.ts';
import { blockOfLogKey, logKey } from '../../../src/lmq/embedded/layout/v1/log-key.ts';
import {
  FORMAT_KEY,
  LOG_END_KEY,
  LOG_START_KEY,
} from '../../../src/lmq/embedded/layout/v1/meta.ts';
import { idKey, idOfIdKey, nameKey } from '../../../src/lmq/embedded/layout/v1/name-key.ts';
import { offsetKey, queueOfOffsetKey } from '../../../src/lmq/embedded/layout/v1/offset-key.ts';
import {
  stateKey,
  stateRange,
  textOfStateKey,
} from '../../../src/lmq/embedded/layout/v1/state-key.ts';
import {
  decodeTimeMark,
  encodeTimeMark,
  timeKey,
} from '../../../src/lmq/embedded/layout/v1/time-key.ts';
import { StateSpace } from '../../../src/lmq/spi/types.ts';

const MAX_ID = 2 ** 48 - 1;
const id = fc.oneof(
  fc.nat(300),
  fc.maxSafeInteger().map((n) => Math.abs(n) % MAX_ID),
);
const number = fc.oneof(fc.nat(300), fc.maxSafeNat());
const text = fc.oneof(
  fc.string({ unit: fc.constantFrom('\u0000', '\u0001', 'a', 'ÿ', '/'), maxLength: 4 }),
  fc.string({ unit: 'grapheme', maxLength: 20 }),
);
const space = fc.constantFrom(...Object.values(StateSpace));

/** -1, 0 or 1: compares lists of numbers and texts (by their UTF-8) part by part. */
function compare(a: readonly (number | string)[], b: readonly (number | string)[]): number {
  for (const [i, left] of a.entries()) {
    const right = b[i] as number | string;
    const order =
      typeof left === 'number'
        ? Math.sign(left - (right as number))
        : Buffer.compare(Buffer.from(left), Buffer.from(right as string));
    if (order !== 0) return order;
  }
  return 0;
}

/** Key order is the order of what the key is made of, and different things have different keys. */
function ordered<T extends (number | string)[]>(
  parts: fc.Arbitrary<T>,
  key: (...parts: T) => Buffer,
): void {
  fc.assert(
    fc.property(parts, parts, (a, b) => {
      expect(Math.sign(Buffer.compare(key(...a), key(...b)))).to.equal(compare(a, b));
    }),
    { numRuns: 1_000 },
  );
}

describe('keys of layout 1', () => {
  it('sort and differ as their parts do', () => {
    ordered(fc.tuple(number), logKey);
    ordered(fc.tuple(id, number), indexKey);
    ordered(fc.tuple(id), idKey);
    ordered(fc.tuple(text), nameKey);
    ordered(fc.tuple(text), filterKey);
    ordered(fc.tuple(text, id), offsetKey);
    ordered(fc.tuple(space, text), stateKey);
    ordered(fc.tuple(id, number), timeKey);
  });

  it('give back what they were made of', () => {
    fc.assert(
      fc.property(text, id, number, space, (name, queue, offset, where) => {
        expect(blockOfLogKey(logKey(offset))).to.equal(offset);
        expect(queueOfIndexKey(indexKey(queue, offset))).to.equal(queue);
        expect(offsetOfIndexKey(indexKey(queue, offset))).to.equal(offset);
        expect(idOfIdKey(idKey(queue))).to.equal(queue);
        expect(filterOfKey(filterKey(name))).to.equal(name);
        expect(queueOfOffsetKey(offsetKey(name, queue))).to.equal(queue);
        expect(textOfStateKey(stateKey(where, name))).to.equal(name);
        const mark = { time: queue, block: offset, bytesBefore: offset, recordsBefore: queue };
        expect(decodeTimeMark(timeKey(queue, offset), encodeTimeMark(mark))).to.deep.equal(mark);
      }),
    );
  });

  it('of different keyspaces never meet', () => {
    fc.assert(
      fc.property(text, text, id, id, number, number, space, (a, b, i, j, n, m, where) => {
        const keys = [
          logKey(n),
          indexKey(i, m),
          idKey(j),
          nameKey(a),
          filterKey(b),
          offsetKey(a, i),
          stateKey(where, b),
          timeKey(j, n),
          FORMAT_KEY,
          LOG_START_KEY,
          LOG_END_KEY,
        ].map((key) => key.toString('hex'));
        expect(new Set(keys).size).to.equal(keys.length);
      }),
    );
  });

  it('of a state space lie in its range and in no other', () => {
    fc.assert(
      fc.property(space, space, text, (where, other, key) => {
        const { gte, lt } = stateRange(where);
        const bytes = stateKey(other, key);
        const isInside = Buffer.compare(bytes, gte) >= 0 && Buffer.compare(bytes, lt) < 0;
        expect(isInside).to.equal(where === other);
      }),
    );
  });
});
