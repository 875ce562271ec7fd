import { expect } from 'chai';
import fc from 'fast-check';
import { StoreError } from '../../../../src/common/errors.ts';
import {
  decodeInflightRecord,
  encodeInflightRecord,
} from '../../../../src/gateway/session/inflight-record.ts';
import {
  recordOf,
  records,
  windows,
  example,
  OLD,
  oldRecord,
  corrupt,
} from './inflight-record-samples.ts';

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

describe('in-flight record that is refused', () => {
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
});
