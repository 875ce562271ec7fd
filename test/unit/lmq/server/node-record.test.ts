import { expect } from 'chai';
import fc from 'fast-check';
import { StoreError } from '../../../../src/common/errors.ts';
import {
  decodeClaim,
  decodeMeta,
  decodeNode,
  encodeClaim,
  encodeMeta,
  encodeNode,
  nodeFilterKey,
  nodeFilterOf,
  nodeIdOf,
  nodeKey,
} from '../../../../src/lmq/server/node-record.ts';

const u32 = fc.integer({ min: 0, max: 0xffff_ffff });
const text = fc.string({ unit: 'grapheme' });

describe('records of the store server', () => {
  it('come back as they were written', () => {
    fc.assert(
      fc.property(u32, u32, fc.maxSafeNat(), text, (number, leaseMs, sequence, name) => {
        const node = { number, leaseMs, sequence, name };
        expect(decodeNode(encodeNode(node))).to.deep.equal(node);
        const meta = { nextNumber: number, storeId: name };
        expect(decodeMeta(encodeMeta(meta))).to.deep.equal(meta);
        expect(decodeClaim(encodeClaim(number))).to.equal(number);
        expect(nodeIdOf(nodeKey(name))).to.equal(name);
        expect(nodeFilterOf(nodeFilterKey(number, name))).to.deep.equal({ number, filter: name });
        expect(nodeFilterOf(nodeKey(name))).to.equal(undefined);
        expect(nodeIdOf(nodeFilterKey(number, name))).to.equal(undefined);
      }),
    );
  });

  it('of another version or length are refused', () => {
    const node = encodeNode({ number: 1, leaseMs: 2, sequence: 3, name: '' });
    expect(() => decodeNode(node.subarray(1))).to.throw(StoreError);
    node[0] = 2;
    expect(() => decodeNode(node)).to.throw(StoreError);
    expect(() => decodeMeta(Buffer.alloc(5))).to.throw(StoreError);
    expect(() => decodeClaim(Buffer.alloc(5))).to.throw(StoreError);
  });
});
