import { expect } from 'chai';
import fc from 'fast-check';
import { OutBuffer } from '../../../../src/gateway/codec/out-buffer.ts';
import {
  encodeRecord,
  encodeRecord5,
  recordSize5,
} from '../../../../src/gateway/codec/record-encoder.ts';
import { NO_EXPIRY, recordSize, writeRecord } from '../../../../src/lmq/spi/record.ts';
import { publish, type QoS } from '../../../helpers/packets.ts';
import { publish5 } from '../../../helpers/packets5.ts';
import { property, type Property } from '../../../helpers/properties5.ts';

const userProperties = fc.array(fc.tuple(fc.string({ maxLength: 60 }), fc.string()), {
  maxLength: 6,
});
const message = fc.record({
  topic: fc.string({ minLength: 1, maxLength: 200 }),
  size: fc.oneof(fc.nat(300), fc.integer({ min: 16_000, max: 70_000 })),
  qos: fc.constantFrom<QoS>(0, 1, 2),
  dup: fc.boolean(),
  retain: fc.boolean(),
  id: fc.integer({ min: 1, max: 65_535 }),
  expiry: fc.option(fc.nat(0xffff_fffe), { nil: undefined }),
  subscriptionId: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 268_435_455 })),
  user: userProperties,
  before: fc.nat(70_000),
});

function contentOf(out: OutBuffer): Buffer {
  const parts: Buffer[] = [];
  out.drainTo((slab, length) => parts.push(Buffer.from(slab.subarray(0, length))));
  return Buffer.concat(parts);
}

describe('gateway: record encoder', () => {
  it('encodes what the second encoder of the tests does, in both forms, and knows the size', () => {
    fc.assert(
      fc.property(message, ({ size, expiry, subscriptionId, user, before, ...fields }) => {
        const topic = Buffer.from(fields.topic);
        const payload = Buffer.from(Array.from({ length: size }, (_, i) => i % 253));
        const kept: Property[] = user.map((pair) => ['user', pair]);
        const stored = Buffer.concat(kept.map(property));
        const publisher = Buffer.from('publisher');
        const record = Buffer.alloc(
          7 + recordSize(topic.length, publisher.length, stored.length, size),
        );
        writeRecord(
          record,
          7,
          6,
          topic,
          publisher,
          stored,
          expiry ?? NO_EXPIRY,
          1,
          2,
          payload,
          0,
          size,
        );
        const first = 0x30 | (fields.dup ? 8 : 0) | (fields.qos << 1) | (fields.retain ? 1 : 0);
        const list: Property[] = [];
        if (expiry !== undefined) list.push(['messageExpiry', expiry]);
        if (subscriptionId > 0) list.push(['subscriptionId', subscriptionId]);
        list.push(...kept);
        const expected = publish5({ ...fields, payload, properties: list });
        const out = new OutBuffer();
        out.append(Buffer.alloc(before), 0, before);
        encodeRecord5(out, first, fields.id, record, 7, expiry ?? NO_EXPIRY, subscriptionId);
        expect(contentOf(out).subarray(before).equals(expected)).to.equal(true);
        const length = recordSize5(first, record, 7, expiry ?? NO_EXPIRY, subscriptionId);
        expect(length).to.equal(expected.length);
        encodeRecord(out, first, fields.id, record, 7);
        expect(contentOf(out).equals(publish({ ...fields, payload }))).to.equal(true);
        // From the third use of a buffer on it is copied by words.
        for (let i = 0; i < 3 && size <= 300; i++) {
          encodeRecord5(out, first, fields.id, record, 7, expiry ?? NO_EXPIRY, subscriptionId);
          expect(contentOf(out).equals(expected)).to.equal(true);
        }
      }),
      { numRuns: 150 },
    );
  });
});
