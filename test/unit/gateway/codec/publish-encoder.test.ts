import { expect } from 'chai';
import fc from 'fast-check';
import {
  DUP_FLAG,
  encodeAck,
  encodePublish,
  PUBLISH_BYTE,
  remainingLengthBytes,
  writeRemainingLength,
} from '../../../../src/gateway/codec/publish-encoder.ts';
import { encodeRecord } from '../../../../src/gateway/codec/record-encoder.ts';
import { OutBuffer } from '../../../../src/gateway/codec/out-buffer.ts';
import { NO_EXPIRY, recordSize, writeRecord } from '../../../../src/lmq/spi/record.ts';
import { hex, publish, type QoS, remainingLength } from '../../../helpers/packets.ts';

function contentOf(out: OutBuffer): Buffer {
  const parts: Buffer[] = [];
  out.drainTo((slab, length) => parts.push(Buffer.from(slab.subarray(0, length))));
  return Buffer.concat(parts);
}

describe('gateway: publish encoder', () => {
  it('writes remaining lengths (MQTT 3.1.1, table 2.4)', () => {
    for (const length of [0, 127, 128, 16_383, 16_384, 2_097_151, 2_097_152, 268_435_455]) {
      const target = Buffer.alloc(6);
      const end = writeRemainingLength(target, 1, length);
      expect(target.subarray(1, end)).to.deep.equal(remainingLength(length));
      expect(remainingLengthBytes(length)).to.equal(end - 1);
    }
  });

  it('encodes what the second encoder of the tests does, RETAIN always 0 [MQTT-3.3.1-9]', () => {
    const fields = fc.record({
      topic: fc.string({ minLength: 1, maxLength: 40 }),
      size: fc.oneof(fc.nat(200), fc.integer({ min: 16_000, max: 200_000 })),
      qos: fc.constantFrom<QoS>(0, 1, 2),
      dup: fc.boolean(),
      id: fc.integer({ min: 1, max: 65_535 }),
      before: fc.nat(70_000),
    });
    fc.assert(
      fc.property(fields, ({ topic, size, qos, dup, id, before }) => {
        const out = new OutBuffer();
        out.append(Buffer.alloc(before), 0, before);
        const payload = Buffer.from(Array.from({ length: size }, (_, i) => i % 253));
        const name = Buffer.from(`..${topic}..`);
        const around = Buffer.concat([hex('ff'), payload, hex('ff')]);
        encodePublish(
          out,
          PUBLISH_BYTE | (dup ? DUP_FLAG : 0) | (qos << 1),
          id,
          name,
          2,
          name.length - 4,
          around,
          1,
          1 + size,
        );
        const expected = publish({ topic, payload, qos, dup, id });
        expect(contentOf(out).subarray(before).equals(expected)).to.equal(true);
      }),
      { numRuns: 60 },
    );
  });

  it('encodes a stored record without its publisher and properties', () => {
    const topic = Buffer.from('a/b');
    const publisher = Buffer.from('someone');
    const properties = Buffer.from([1, 2, 3]);
    const payload = Buffer.from('hello');
    const record = Buffer.alloc(10 + recordSize(3, 7, 3, 5));
    writeRecord(record, 10, 6, topic, publisher, properties, NO_EXPIRY, 1, 2, payload, 0, 5);
    const out = new OutBuffer();
    encodeRecord(out, PUBLISH_BYTE | DUP_FLAG | (1 << 1), 513, record, 10);
    expect(contentOf(out)).to.deep.equal(
      publish({ topic: 'a/b', payload, qos: 1, dup: true, id: 513 }),
    );
  });

  it('encodes the reason code of MQTT 5 acknowledgements unless it is success (MQTT 5 §3.4.2.1)', () => {
    const out = new OutBuffer();
    encodeAck(out, 0x40, 7, 0x87);
    encodeAck(out, 0x50, 7, 0);
    expect(contentOf(out)).to.deep.equal(hex('40 03 00 07 87 50 02 00 07'));
  });

  it('encodes acknowledgements', () => {
    const out = new OutBuffer();
    encodeAck(out, 0x40, 1);
    encodeAck(out, 0x62, 65_535);
    expect(contentOf(out)).to.deep.equal(hex('40 02 00 01 62 02 ff ff'));
  });
});
