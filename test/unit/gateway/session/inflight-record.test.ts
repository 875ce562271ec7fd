import { expect } from 'chai';
import fc from 'fast-check';
import { ErrorCode, StoreError } from '../../../../src/common/errors.ts';
import {
  decodeInflightRecord,
  encodeInflightRecord,
  nextSlot,
  sayTheSame,
  slotsOf,
} from '../../../../src/gateway/session/inflight-record.ts';
import type { InflightRecord } from '../../../../src/gateway/session/inflight-record.ts';

const PACKET_IDS = 65_535;

interface Entry {
  readonly step: number;
  readonly stateAndQos: readonly [number, number];
  readonly queue: number;
  readonly offset: number;
}

/** Builds a record whose identifiers count up from `first` in steps. */
function recordOf(
  first: number,
  steps: readonly Entry[],
  names: string[],
  received: number[],
): InflightRecord {
  let packetId = first;
  const packetIds = steps.map(({ step }) => {
    const current = packetId;
    packetId = ((packetId - 1 + step) % PACKET_IDS) + 1;
    return current;
  });
  return {
    nextPacketId: packetId,
    received: new Set(received),
    queueNames: names,
    entries: {
      packetIds,
      states: steps.map(({ stateAndQos }) => stateAndQos[0]),
      qos: steps.map(({ stateAndQos }) => stateAndQos[1]),
      queueIndexes: steps.map(({ queue }) => queue % names.length),
      offsets: steps.map(({ offset }) => offset),
      count: steps.length,
    },
  };
}

const packetId = fc.integer({ min: 1, max: PACKET_IDS });
const entry: fc.Arbitrary<Entry> = fc.record({
  step: fc.integer({ min: 1, max: 1000 }),
  stateAndQos: fc.constantFrom([1, 1] as const, [1, 2] as const, [2, 2] as const),
  queue: fc.nat(100),
  offset: fc.integer({ min: 0, max: 2 ** 48 - 1 }),
});
const records = fc
  .tuple(
    packetId,
    fc.array(entry, { maxLength: 30 }),
    fc.array(fc.string({ unit: 'grapheme' }), { minLength: 1, maxLength: 5 }),
    fc.uniqueArray(packetId, { maxLength: 10 }),
  )
  .map((parts) => recordOf(...parts));

const example = recordOf(
  65_535,
  [
    { step: 2, stateAndQos: [2, 2], queue: 1, offset: 0x0102030405 },
    { step: 1, stateAndQos: [1, 1], queue: 0, offset: 9 },
  ],
  ['ta/b', 'fä/+'],
  [7, 0x1234],
);

/** The same as one of several. */
const ofLane: InflightRecord = {
  ...example,
  place: { sessionCreatedAt: 0x010203040506, nextSlot: 3 * PACKET_IDS + example.nextPacketId - 1 },
};

const GOLDEN =
  '01' +
  '00' +
  '0003' +
  '0002' +
  '0002' +
  '000002' +
  '00' +
  '0007' +
  '1234' +
  'ffff' +
  '22' +
  '000001' +
  '000102030405' +
  '0002' +
  '11' +
  '000000' +
  '000000000009' +
  '00000004' +
  '74612f62' +
  '00000005' +
  '66c3a42f2b';

function corrupt(value: Buffer): StoreError {
  try {
    decodeInflightRecord(value, 'recv01');
  } catch (error) {
    if (error instanceof StoreError && error.code === ErrorCode.STORE_CORRUPT) return error;
    throw error;
  }
  return expect.fail('decoded');
}

/** The example with some bytes replaced. */
function changed(position: number, ...bytes: number[]): Buffer {
  const value = encodeInflightRecord(example);
  value.set(bytes, position);
  return value;
}

describe('in-flight record', () => {
  it('has the bytes of format version 1', () => {
    expect(encodeInflightRecord(example).toString('hex')).to.equal(GOLDEN);
    expect(decodeInflightRecord(Buffer.from(GOLDEN, 'hex'), 'recv01')).to.deep.equal(example);
  });

  it('comes back as it was', () => {
    fc.assert(
      fc.property(records, (record) => {
        expect(decodeInflightRecord(encodeInflightRecord(record), 'c')).to.deep.equal(record);
      }),
      { numRuns: 300 },
    );
  });

  it('writes only the entries that count', () => {
    const { entries } = example;
    const longer = {
      ...example,
      entries: {
        packetIds: [...entries.packetIds, 4, 5],
        states: [...entries.states, 1, 1],
        qos: [...entries.qos, 1, 1],
        queueIndexes: [...entries.queueIndexes, 0, 0],
        offsets: [...entries.offsets, 1, 2],
        count: 2,
      },
    };
    expect(encodeInflightRecord(longer).toString('hex')).to.equal(GOLDEN);
  });

  it('holds a window of all 65,535 identifiers', () => {
    const all = Array.from({ length: PACKET_IDS }, (_, i) => i + 1);
    const steps = all.map((_, i): Entry => ({ step: 1, stateAndQos: [1, 1], queue: 0, offset: i }));
    const record = recordOf(40_000, steps, ['t'], all);
    expect(record.nextPacketId).to.equal(40_000);
    expect(decodeInflightRecord(encodeInflightRecord(record), 'c')).to.deep.equal(record);
  });

  it('refuses another format version, naming the client', () => {
    expect(corrupt(changed(0, 9)).message).to.equal(
      'in-flight record of client "recv01" is unreadable: format version 9, expected 1 or 2',
    );
  });

  it('refuses every cut and anything left over', () => {
    const value = encodeInflightRecord(example);
    for (let length = 0; length < value.length; length++) corrupt(value.subarray(0, length));
    corrupt(Buffer.concat([value, Buffer.from([0])]));
  });

  it('refuses values that no session has', () => {
    corrupt(changed(1, 1)); // reserved
    corrupt(changed(2, 0, 0)); // next packet id 0
    corrupt(changed(11, 1)); // reserved
    corrupt(changed(12, 0, 0)); // received packet id 0
    corrupt(changed(12, 0x12, 0x34)); // received twice
    corrupt(changed(16, 0, 0)); // packet id 0
    for (const stateAndQos of [0x00, 0x10, 0x13, 0x21, 0x31, 0x02]) {
      corrupt(changed(18, stateAndQos));
    }
    corrupt(changed(19, 0, 0, 2)); // queue that is not there
    corrupt(changed(45, 0xff)); // name that is not UTF-8
  });

  it('refuses identifiers out of order or used twice, so that restoring them ends', () => {
    corrupt(changed(28, 0xff, 0xff)); // the same one again
    corrupt(changed(2, 0, 1)); // next one between the entries
    corrupt(changed(2, 0, 2)); // next one in use
  });

  it('refuses counts that the record has no room for, before making any', () => {
    const header = Buffer.from('01000001ffffffffffffff00', 'hex');
    const before = process.memoryUsage().heapUsed;
    corrupt(header);
    corrupt(changed(40, 0xff, 0xff, 0xff, 0xff));
    expect(process.memoryUsage().heapUsed - before).to.be.lessThan(1_000_000);
  });

  it('decodes or throws STORE_CORRUPT for any bytes', () => {
    const mutated = fc
      .tuple(records, fc.nat(), fc.integer({ min: 0, max: 255 }))
      .map(([record, at, byte]) => {
        const value = encodeInflightRecord(record);
        value[at % value.length] = byte;
        return value;
      });
    const garbage = fc.uint8Array({ maxLength: 80 }).map((bytes) => Buffer.from([1, ...bytes]));
    fc.assert(
      fc.property(fc.oneof(mutated, garbage), (value) => {
        try {
          // What decodes must be exactly what the encoder writes.
          const record = decodeInflightRecord(value, 'c');
          expect(encodeInflightRecord(record)).to.deep.equal(value);
        } catch (error) {
          if (!(error instanceof StoreError)) throw error;
        }
      }),
      { numRuns: 3000 },
    );
  });

  it('refuses to write more than the format can count', () => {
    const entries = { ...example.entries, count: 65_536 };
    expect(() => encodeInflightRecord({ ...example, entries })).to.throw(RangeError, 'entries');
    const received = new Set(Array.from({ length: 65_536 }, (_, i) => i));
    expect(() => encodeInflightRecord({ ...example, received })).to.throw(RangeError, 'received');
  });

  it('has its place among several in version 2', () => {
    const value = encodeInflightRecord(ofLane);
    expect(value.subarray(0, 12).toString('hex')).to.equal(`02${GOLDEN.slice(2, 24)}`);
    expect(value.subarray(12, 24).toString('hex')).to.equal('010203040506' + '00000002ffff');
    expect(value.subarray(24).toString('hex')).to.equal(GOLDEN.slice(24));
    expect(decodeInflightRecord(value, 'recv01')).to.deep.equal(ofLane);
    value[23]! += 1;
    expect(corrupt(value).message).to.contain('slot of another packet identifier');
  });

  it('counts slots from the first identifier, or where it says', () => {
    expect(slotsOf(example)).to.deep.equal([PACKET_IDS - 1, PACKET_IDS + 1]);
    expect(nextSlot(example)).to.equal(PACKET_IDS + 2);
    expect(slotsOf(ofLane)).to.deep.equal([3 * PACKET_IDS - 1, 3 * PACKET_IDS + 1]);
    expect(nextSlot(ofLane)).to.equal(3 * PACKET_IDS + 2);
  });

  it('has slots that give its identifiers, for any record', () => {
    fc.assert(
      fc.property(records, (record) => {
        const slots = slotsOf(record);
        expect(slots.map((slot) => (slot % PACKET_IDS) + 1)).to.deep.equal(
          record.entries.packetIds,
        );
        expect([...slots, nextSlot(record)]).to.deep.equal(
          [...slots, nextSlot(record)].sort((a, b) => a - b),
        );
      }),
    );
  });

  it('says the same as another of its lane, wherever the identifiers are by then', () => {
    const later = { sessionCreatedAt: 0x010203040506, nextSlot: 4 * PACKET_IDS };
    const value = encodeInflightRecord(ofLane);
    const same = { ...ofLane, nextPacketId: 1, place: later };
    expect(sayTheSame(value, encodeInflightRecord(same))).to.equal(true);
    const received = new Set([7, 0x1235]);
    expect(sayTheSame(value, encodeInflightRecord({ ...same, received }))).to.equal(false);
    const place = { ...later, sessionCreatedAt: 1 };
    expect(sayTheSame(value, encodeInflightRecord({ ...same, place }))).to.equal(false);
    expect(sayTheSame(value, encodeInflightRecord(example))).to.equal(false);
  });
});
