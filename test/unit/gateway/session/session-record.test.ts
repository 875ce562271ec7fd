import { expect } from 'chai';
import fc from 'fast-check';
import { ErrorCode, StoreError } from '../../../../src/common/errors.ts';
import {
  decodeSessionRecord,
  encodeSessionRecord,
  NEVER_EXPIRES,
  subscriptionCount,
} from '../../../../src/gateway/session/session-record.ts';
import type { SessionRecord } from '../../../../src/gateway/session/session-record.ts';

const u48 = fc.integer({ min: 0, max: 2 ** 48 - 1 });
const u32 = fc.integer({ min: 0, max: 2 ** 32 - 1 });
const three = fc.constantFrom(0, 1, 2);

const records: fc.Arbitrary<SessionRecord> = fc.record(
  {
    lanes: fc.record({ known: fc.nat(255), listed: fc.nat(0xffff) }),
    clientId: fc.string(),
    createdAt: u48,
    sessionExpirySeconds: u32,
    disconnectedAt: u48,
    peerOffset: u48,
    subscriptions: fc.array(
      fc.record({
        filter: fc.string({ unit: 'grapheme' }),
        qos: three,
        noLocal: fc.boolean(),
        retainAsPublished: fc.boolean(),
        retainHandling: three,
        subscriptionId: u32,
        retainedDue: fc.boolean(),
      }),
      { maxLength: 6 },
    ),
  },
  {
    requiredKeys: [
      'clientId',
      'createdAt',
      'sessionExpirySeconds',
      'disconnectedAt',
      'peerOffset',
      'subscriptions',
    ],
  },
);

const example: SessionRecord = {
  clientId: 'recv01',
  createdAt: 0x010203040506,
  sessionExpirySeconds: NEVER_EXPIRES,
  disconnectedAt: 0x0a0b0c0d0e0f,
  peerOffset: 258,
  subscriptions: [
    {
      filter: 'a/+',
      qos: 1,
      noLocal: false,
      retainAsPublished: false,
      retainHandling: 0,
      subscriptionId: 0,
      retainedDue: false,
    },
    {
      filter: 'ä',
      qos: 2,
      noLocal: true,
      retainAsPublished: true,
      retainHandling: 2,
      subscriptionId: 7,
      retainedDue: true,
    },
  ],
};

const GOLDEN =
  '01' +
  '010203040506' +
  'ffffffff' +
  '0a0b0c0d0e0f' +
  '000000000102' +
  '00000002' +
  '0003' +
  '01' +
  '00000000' +
  '612f2b' +
  '0002' +
  '6e' +
  '00000007' +
  'c3a4';

function corrupt(value: Buffer): StoreError {
  try {
    decodeSessionRecord(value, 'recv01');
  } catch (error) {
    if (error instanceof StoreError && error.code === ErrorCode.STORE_CORRUPT) return error;
    throw error;
  }
  return expect.fail('decoded');
}

describe('session record', () => {
  it('has the bytes of format version 1', () => {
    expect(encodeSessionRecord(example).toString('hex')).to.equal(GOLDEN);
    expect(decodeSessionRecord(Buffer.from(GOLDEN, 'hex'), 'recv01')).to.deep.equal(example);
  });

  it('says of several stores how many it knows, and which ones have something, in version 2', () => {
    const several = { ...example, lanes: { known: 3, listed: 0b101 } };
    const bytes = `02${GOLDEN.slice(2)}03` + '0005';
    expect(encodeSessionRecord(several).toString('hex')).to.equal(bytes);
    expect(decodeSessionRecord(Buffer.from(bytes, 'hex'), 'recv01')).to.deep.equal(several);
    expect(subscriptionCount(Buffer.from(bytes, 'hex'))).to.equal(2);
  });

  it('comes back as it was', () => {
    fc.assert(
      fc.property(records, (record) => {
        const decoded = decodeSessionRecord(encodeSessionRecord(record), record.clientId);
        expect(decoded).to.deep.equal(record);
      }),
    );
  });

  it('refuses another format version, naming the client', () => {
    const value = encodeSessionRecord(example);
    value[0] = 9;
    expect(corrupt(value).message).to.equal(
      'session record of client "recv01" is unreadable: format version 9, expected 1 or 2',
    );
  });

  it('refuses every cut and anything left over', () => {
    const value = encodeSessionRecord(example);
    for (let length = 0; length < value.length; length++) corrupt(value.subarray(0, length));
    corrupt(Buffer.concat([value, Buffer.from([0])]));
  });

  it('refuses illegal options and text that is not UTF-8', () => {
    for (const options of [0x03, 0x30, 0x80, 0xff]) {
      const value = encodeSessionRecord(example);
      value[29] = options;
      corrupt(value);
    }
    const value = encodeSessionRecord(example);
    value[value.length - 1] = 0xff;
    corrupt(value);
  });

  it('refuses a count that the record has no room for, before making any', () => {
    const value = encodeSessionRecord({ ...example, subscriptions: [] });
    value.writeUInt32BE(0xffff_ffff, 23);
    const before = process.memoryUsage().heapUsed;
    corrupt(value);
    expect(process.memoryUsage().heapUsed - before).to.be.lessThan(1_000_000);
  });

  it('decodes or throws STORE_CORRUPT for any bytes', () => {
    const changed = fc
      .tuple(records, fc.nat(), fc.integer({ min: 0, max: 255 }))
      .map(([record, at, byte]) => {
        const value = encodeSessionRecord(record);
        value[at % value.length] = byte;
        return value;
      });
    const garbage = fc.uint8Array({ maxLength: 80 }).map((bytes) => Buffer.from([1, ...bytes]));
    fc.assert(
      fc.property(fc.oneof(changed, garbage), (value) => {
        try {
          // What decodes must be exactly what the encoder writes.
          const record = decodeSessionRecord(value, 'c');
          expect(encodeSessionRecord(record)).to.deep.equal(value);
        } catch (error) {
          if (!(error instanceof StoreError)) throw error;
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('refuses to write what the format cannot hold', () => {
    for (const wrong of [
      { createdAt: -1 },
      { createdAt: 1.5 },
      { disconnectedAt: 2 ** 48 },
      { peerOffset: Number.NaN },
      { sessionExpirySeconds: 2 ** 32 },
    ]) {
      expect(() => encodeSessionRecord({ ...example, ...wrong })).to.throw(RangeError);
    }
  });
});
