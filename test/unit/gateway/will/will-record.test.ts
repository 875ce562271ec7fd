import { expect } from 'chai';
import fc from 'fast-check';
import { ErrorCode, StoreError } from '../../../../src/common/errors.ts';
import {
  decodeWillRecord,
  encodeWillRecord,
  type StoredWill,
} from '../../../../src/gateway/will/will-record.ts';

const u32 = fc.integer({ min: 0, max: 0xffff_fffe });
const bytes = fc.uint8Array({ maxLength: 40 }).map((array) => Buffer.from(array));
const wills: fc.Arbitrary<StoredWill> = fc.record({
  topic: fc.string({ unit: 'grapheme', minLength: 1 }),
  payload: bytes,
  qos: fc.constantFrom(0, 1, 2),
  retain: fc.boolean(),
  delaySeconds: u32,
  expirySeconds: fc.option(u32, { nil: undefined }),
  properties: bytes,
  sessionExpirySeconds: fc.integer({ min: 0, max: 0xffff_ffff }),
  dueAt: fc.integer({ min: 0, max: 2 ** 48 - 1 }),
});

describe('will record', () => {
  it('has the bytes of format version 1', () => {
    const record = encodeWillRecord({
      topic: 'a/b',
      payload: Buffer.from('x'),
      qos: 2,
      retain: true,
      delaySeconds: 1,
      expirySeconds: undefined,
      properties: Buffer.from([1, 1]),
      sessionExpirySeconds: 2,
      dueAt: 0x0a0b0c0d0e0f,
    });
    expect(record.toString('hex')).to.equal(
      '0106' +
        '0a0b0c0d0e0f' +
        '00000001' +
        '00000002' +
        'ffffffff' +
        '0003' +
        '00000002' +
        '612f62010178',
    );
  });

  it('comes back as it was', () => {
    fc.assert(
      fc.property(wills, (will) => {
        expect(decodeWillRecord(encodeWillRecord(will), 'c')).to.deep.equal(will);
      }),
    );
  });

  it('decodes or throws STORE_CORRUPT for any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (array) => {
        try {
          decodeWillRecord(Buffer.from(array), 'c');
        } catch (error) {
          expect(error).to.be.instanceOf(StoreError);
          expect((error as StoreError).code).to.equal(ErrorCode.STORE_CORRUPT);
        }
      }),
    );
  });
});
