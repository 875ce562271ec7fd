import { expect } from 'chai';
import fc from 'fast-check';
import { ErrorCode, StoreError } from '../../../../src/common/errors.ts';
import {
  decodeInflightRecord,
  encodeInflightRecord,
  sayTheSame,
} from '../../../../src/gateway/session/inflight-record.ts';
import type { InflightRecord } from '../../../../src/gateway/session/inflight-record.ts';
import { nextSlot, slotsOf } from '../../../../src/gateway/session/record-slots.ts';

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

function entryOf(queue: number, offset: number): Entry {
  return { step: 1, stateAndQos: [1, 2], queue, offset };
}

/** As sessions have them: runs of some queues in turn, with gaps in identifiers and offsets, states that change. */
const windows = fc
  .tuple(
    packetId,
    fc.array(
      fc.record({
        queue: fc.nat(3),
        length: fc.integer({ min: 1, max: 40 }),
        skipped: fc.nat(3),
        stateAndQos: entry.map(({ stateAndQos }) => stateAndQos),
        gap: fc.constantFrom(1, 1, 1, 2, 70),
      }),
      { maxLength: 12 },
    ),
    fc.uniqueArray(fc.integer({ min: 65_500, max: 65_560 }), { maxLength: 40 }),
  )
  .map(([first, runs, received]) => {
    const behind = [1_000, 0, 2 ** 32, 2 ** 40];
    const steps = runs.flatMap(({ queue, length, skipped, stateAndQos, gap }) => {
      const start = behind[queue]! + skipped;
      behind[queue] = start + length;
      return Array.from({ length }, (_, i): Entry => {
        return { step: i === length - 1 ? gap : 1, stateAndQos, queue, offset: start + i };
      });
    });
    const ids = received.map((id) => ((id - 1) % PACKET_IDS) + 1);
    return recordOf(first, steps, ['ta', 'tb', 'tc', '$share/g/d'], ids);
  });

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

const NAMES = { first: '74612f62', second: '66c3a42f2b' };

/** Format version 1. */
const OLD =
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
  `00000004${NAMES.first}` +
  `00000005${NAMES.second}`;

const GOLDEN =
  '03' +
  '00' +
  '0003' +
  '0002' +
  '0002' +
  '000002' +
  '00' +
  // 6 skipped; 4652 skipped
  '0c' +
  'd848' +
  'ffff' +
  // PUBREC received, another queue, offset
  '1a' +
  '01' +
  '8a9098a020' +
  // QoS 1, one identifier skipped, another queue, offset
  '1c' +
  '01' +
  '00' +
  '12' +
  `04${NAMES.first}` +
  `05${NAMES.second}`;

/** Writes format versions 1 and 2, as gateways did before there were runs. */
function oldRecord({ nextPacketId, received, queueNames, entries, place }: InflightRecord): Buffer {
  const parts = [Buffer.from([place === undefined ? 1 : 2, 0])];
  const put = (value: number, bytes: number): void => {
    const field = Buffer.alloc(bytes);
    field.writeUIntBE(value, 0, bytes);
    parts.push(field);
  };
  put(nextPacketId, 2);
  put(received.size, 2);
  put(entries.count, 2);
  put(queueNames.length, 3);
  put(0, 1);
  if (place !== undefined) {
    put(place.sessionCreatedAt, 6);
    put(place.nextSlot, 6);
  }
  for (const packetId of received) put(packetId, 2);
  for (let i = 0; i < entries.count; i++) {
    put(entries.packetIds[i]!, 2);
    put((entries.states[i]! << 4) | entries.qos[i]!, 1);
    put(entries.queueIndexes[i]!, 3);
    put(entries.offsets[i]!, 6);
  }
  for (const name of queueNames) {
    put(Buffer.byteLength(name), 4);
    parts.push(Buffer.from(name));
  }
  return Buffer.concat(parts);
}

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

/** The same of format version 1. */
function changedOld(position: number, ...bytes: number[]): Buffer {
  const value = Buffer.from(OLD, 'hex');
  value.set(bytes, position);
  return value;
}

/** A record of so many entries and two queues with the next identifier 5; the rest is given. */
function entriesOf(count: number, body: string): Buffer {
  return Buffer.from(`030000050000000${count}00000200${body}`, 'hex');
}

describe('in-flight record', () => {
  it('has the bytes of format version 3', () => {
    expect(encodeInflightRecord(example).toString('hex')).to.equal(GOLDEN);
    expect(decodeInflightRecord(Buffer.from(GOLDEN, 'hex'), 'recv01')).to.deep.equal(example);
  });

  it('is read as format version 1 too', () => {
    expect(decodeInflightRecord(Buffer.from(OLD, 'hex'), 'recv01')).to.deep.equal(example);
    expect(oldRecord(example).toString('hex')).to.equal(OLD);
    fc.assert(
      fc.property(fc.oneof(records, windows), (record) => {
        expect(decodeInflightRecord(oldRecord(record), 'c')).to.deep.equal(record);
      }),
      { numRuns: 200 },
    );
  });

  it('is read as format version 2 too', () => {
    const value = oldRecord(ofLane);
    expect(value.subarray(0, 24).toString('hex')).to.equal(
      `02${OLD.slice(2, 24)}` + '010203040506' + '00000002ffff',
    );
    expect(decodeInflightRecord(value, 'recv01')).to.deep.equal(ofLane);
    value[23]! += 1;
    expect(corrupt(value).message).to.contain('slot of another packet identifier');
  });

  it('takes a few bytes for a window of one queue, whatever its length', () => {
    const steps = Array.from({ length: 1024 }, (_, i): Entry => entryOf(0, 1_000_000 + i));
    const record = recordOf(65_000, steps, ['ta/b'], []);
    const value = encodeInflightRecord(record);
    // header, first identifier, one run, one name
    expect(value.length).to.equal(12 + 2 + (1 + 3 + 2) + 5);
    expect(decodeInflightRecord(value, 'c')).to.deep.equal(record);
  });

  it('takes less than before when queues take turns, each message of another one', () => {
    const names = Array.from({ length: 300 }, (_, i) => `t${i}`);
    const steps = Array.from({ length: 900 }, (_, i) => entryOf(i, 5_000 + Math.floor(i / 300)));
    const record = recordOf(1, steps, names, []);
    const nameBytes = names.reduce((sum, { length }) => sum + length + 1, 0);
    const bytes = encodeInflightRecord(record).length - nameBytes;
    expect(bytes).to.be.at.most(12 + 2 + 300 * 5 + 600 * 3);
    expect(decodeInflightRecord(encodeInflightRecord(record), 'c')).to.deep.equal(record);
  });

  it('takes at most half as much again as before, whatever is in it', () => {
    fc.assert(
      fc.property(fc.oneof(records, windows), (record) => {
        const { length } = encodeInflightRecord(record);
        expect(length).to.be.at.most(oldRecord(record).length * 1.5);
      }),
    );
  });

  it('has received identifiers as runs, in the order in which they came', () => {
    const ids = [65_534, 65_535, 1, 2, 9, 8, 7];
    const value = encodeInflightRecord({ ...recordOf(1, [], [], []), received: new Set(ids) });
    // 65,533 skipped, 4 identifiers; 6 skipped; then down, which is nearly once around
    expect(value.subarray(12).toString('hex')).to.equal(
      'fbff07' + '02' + '0c' + 'faff07' + 'faff07',
    );
    expect([...decodeInflightRecord(value, 'c').received]).to.deep.equal(ids);
  });

  it('comes back as it was', () => {
    fc.assert(
      fc.property(fc.oneof(records, windows), (record) => {
        const value = encodeInflightRecord(record);
        const decoded = decodeInflightRecord(value, 'c');
        expect(decoded).to.deep.equal(record);
        expect([...decoded.received]).to.deep.equal([...record.received]);
      }),
      { numRuns: 500 },
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
      'in-flight record of client "recv01" is unreadable: format version 9, expected 1 or 2 or 3 or 4',
    );
  });

  it('refuses every cut and anything left over', () => {
    for (const value of [encodeInflightRecord(example), Buffer.from(OLD, 'hex')]) {
      for (let length = 0; length < value.length; length++) corrupt(value.subarray(0, length));
      corrupt(Buffer.concat([value, Buffer.from([0])]));
    }
  });

  it('refuses values that no session has', () => {
    corrupt(changed(1, 1)); // reserved
    corrupt(changed(2, 0, 0)); // next packet id 0
    corrupt(changed(11, 1)); // reserved
    corrupt(changed(15, 0, 0)); // packet id 0
    for (const head of [0x1b, 0x5a, 0x9a, 0x1e]) corrupt(changed(17, head));
    corrupt(changed(18, 2)); // queue that is not there
    corrupt(changed(18, 0)); // the queue that it is without
    corrupt(changed(37, 0xff)); // name that is not UTF-8
  });

  it('refuses values that no session has, in the old versions', () => {
    corrupt(changedOld(1, 1)); // reserved
    corrupt(changedOld(2, 0, 0)); // next packet id 0
    corrupt(changedOld(11, 1)); // reserved
    corrupt(changedOld(12, 0, 0)); // received packet id 0
    corrupt(changedOld(12, 0x12, 0x34)); // received twice
    corrupt(changedOld(16, 0, 0)); // packet id 0
    for (const stateAndQos of [0x00, 0x10, 0x13, 0x21, 0x31, 0x02]) {
      corrupt(changedOld(18, stateAndQos));
    }
    corrupt(changedOld(19, 0, 0, 2)); // queue that is not there
    corrupt(changedOld(45, 0xff)); // name that is not UTF-8
    corrupt(changedOld(28, 0xff, 0xff)); // the same identifier again
  });

  it('refuses what there is a shorter way to write for', () => {
    const names = '0174' + '0175';
    const next = (body: string): Buffer => entriesOf(4, body + names);
    expect(decodeInflightRecord(next('0001' + '32' + '12' + '02'), 'c').entries.count).to.equal(4);
    const reasons = [
      [next('0001' + '32' + '12' + '00' + '22' + '00'), 'a run in two parts'],
      [next('0001' + '32' + '12' + '8200'), 'illegal number'],
      [next('0001' + '32' + '00' + '02'), 'a zero that is not left out'],
      [next('0001' + '10' + '12' + '34' + '00' + '12' + '01'), 'a zero that is not left out'],
      [next('0001' + '3a' + '00' + '12' + '02'), 'a queue that is not left out'],
      [next('0001' + '36' + '01' + '12' + '02'), 'gap before the first entry'],
      [next('0001' + '32' + '12' + '03'), 'more entries than there are'],
      [next('0001' + '32' + '11' + '02'), 'illegal offset'],
      [next('0001' + '32' + 'feffffffffff7f' + '02'), 'illegal offset'],
      [next('0001' + '10' + '12' + '34' + 'faff03' + '12' + '01'), 'not in the order'],
      [next('0001' + '33' + '12' + '02'), 'illegal state'],
    ] as const;
    for (const [value, reason] of reasons) expect(corrupt(value).message).to.contain(reason);
  });

  it('refuses received identifiers that no session has', () => {
    const empty = encodeInflightRecord(recordOf(1, [], [], []));
    const received = (count: number, body: string): Buffer => {
      const header = Buffer.from(empty);
      header.writeUInt16BE(count, 4);
      return Buffer.concat([header, Buffer.from(body, 'hex')]);
    };
    expect([...decodeInflightRecord(received(3, '0301'), 'c').received]).to.deep.equal([2, 3, 4]);
    const reasons = [
      [received(3, '0302'), 'more received packet identifiers'],
      [received(3, '0300' + '00'), 'a run in two parts'],
      [received(1, 'feff07'), 'identifier too high'],
      [received(3, '0300' + 'fcff07'), 'twice'],
      [received(1, 'ffffffffffffffff7f'), 'illegal number'],
    ] as const;
    for (const [value, reason] of reasons) expect(corrupt(value).message).to.contain(reason);
  });

  it('refuses identifiers out of order or used twice, so that restoring them ends', () => {
    corrupt(changed(2, 0, 1)); // next one between the entries
    corrupt(changed(2, 0, 2)); // next one in use
  });

  it('refuses counts that the record has no room for, before making any', () => {
    const before = process.memoryUsage().heapUsed;
    corrupt(Buffer.from('01000001ffffffffffffff00', 'hex'));
    corrupt(Buffer.from('03000001ffffffffffffff00', 'hex'));
    corrupt(Buffer.from('030000010000ffff00000100' + '0001' + '20' + 'ffffffffffff7f', 'hex'));
    corrupt(changedOld(40, 0xff, 0xff, 0xff, 0xff));
    corrupt(changed(31, 0xff, 0xff, 0xff, 0x7f));
    expect(process.memoryUsage().heapUsed - before).to.be.lessThan(1_000_000);
  });

  it('decodes or throws STORE_CORRUPT for any bytes', () => {
    const mutated = fc
      .tuple(fc.oneof(records, windows), fc.nat(), fc.integer({ min: 0, max: 255 }))
      .map(([record, at, byte]) => {
        const value = encodeInflightRecord(record);
        value[at % value.length] = byte;
        return value;
      });
    const garbage = fc
      .tuple(fc.constantFrom(1, 3, 4), fc.uint8Array({ maxLength: 80 }))
      .map(([version, bytes]) => Buffer.from([version, ...bytes]));
    const encoders = [oldRecord, encodeInflightRecord];
    const old = fc
      .tuple(fc.oneof(records, windows), fc.nat(), fc.integer({ min: 0, max: 255 }))
      .map(([record, at, byte]) => {
        const value = oldRecord(record);
        value[at % value.length] = byte;
        return value;
      });
    fc.assert(
      fc.property(fc.oneof(mutated, garbage, old), (value) => {
        try {
          // What decodes must be exactly what the encoder writes.
          const record = decodeInflightRecord(value, 'c');
          expect(encoders[(value[0]! - 1) >> 1]!(record)).to.deep.equal(value);
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

  it('has its place among several in version 4', () => {
    const value = encodeInflightRecord(ofLane);
    expect(value.subarray(0, 12).toString('hex')).to.equal(`04${GOLDEN.slice(2, 24)}`);
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
    expect(sayTheSame(value, oldRecord(ofLane))).to.equal(false);
    expect(sayTheSame(oldRecord(ofLane), oldRecord(same))).to.equal(true);
  });
});
