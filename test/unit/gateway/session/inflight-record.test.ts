import { expect } from 'chai';
import fc from 'fast-check';
import {
  decodeInflightRecord,
  encodeInflightRecord,
  sayTheSame,
} from '../../../../src/gateway/session/inflight-record.ts';
import {
  PACKET_IDS,
  type Entry,
  recordOf,
  records,
  entryOf,
  windows,
  example,
  ofLane,
  OLD,
  GOLDEN,
  oldRecord,
  corrupt,
} from './inflight-record-samples.ts';

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

  it('has its place among several in version 4', () => {
    const value = encodeInflightRecord(ofLane);
    expect(value.subarray(0, 12).toString('hex')).to.equal(`04${GOLDEN.slice(2, 24)}`);
    expect(value.subarray(12, 24).toString('hex')).to.equal('010203040506' + '00000002ffff');
    expect(value.subarray(24).toString('hex')).to.equal(GOLDEN.slice(24));
    expect(decodeInflightRecord(value, 'recv01')).to.deep.equal(ofLane);
    value[23]! += 1;
    expect(corrupt(value).message).to.contain('slot of another packet identifier');
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
