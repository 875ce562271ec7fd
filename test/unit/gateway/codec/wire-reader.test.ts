import { expect } from 'chai';
import fc from 'fast-check';
import { generate } from 'mqtt-packet';
import { ReasonCode } from '../../../../src/gateway/codec/reason-code.ts';
import { WireReader } from '../../../../src/gateway/codec/wire-reader.ts';
import { packet, protocolErrorOf } from './packets.ts';

const readerOf = (...bytes: number[]): WireReader =>
  new WireReader(Buffer.from(bytes), 0, bytes.length);

describe('WireReader', () => {
  it('reads variable byte integers of up to four bytes (MQTT 5 §1.5.5)', () => {
    const edges: [number, number[]][] = [
      [0, [0x00]],
      [127, [0x7f]],
      [128, [0x80, 0x01]],
      [16_383, [0xff, 0x7f]],
      [16_384, [0x80, 0x80, 0x01]],
      [2_097_152, [0x80, 0x80, 0x80, 0x01]],
      [268_435_455, [0xff, 0xff, 0xff, 0x7f]],
    ];
    for (const [value, bytes] of edges) expect(readerOf(...bytes).varint('x')).to.equal(value);
  });

  it('refuses variable byte integers that are too long, padded or cut off [MQTT-1.5.5-1]', () => {
    for (const bytes of [[0x80, 0x80, 0x80, 0x80, 0x01], [0x80, 0x00], [0x80], []]) {
      protocolErrorOf(() => readerOf(...bytes).varint('x'));
    }
  });

  it('does not read beyond its end, though the buffer goes on', () => {
    const reader = new WireReader(Buffer.from([0, 3, 0x61, 0x62, 0x63]), 0, 4);
    expect(protocolErrorOf(() => reader.string('name')).message).to.include('within name');
    protocolErrorOf(() => new WireReader(Buffer.alloc(9), 0, 1).u16('x'));
    protocolErrorOf(() => new WireReader(Buffer.alloc(9), 0, 3).u32('x'));
    protocolErrorOf(() => new WireReader(Buffer.alloc(9), 0, 0).u8('x'));
  });

  it('skips pairs of strings behind their byte, up to what is something else', () => {
    const pair = [0x26, 0, 1, 0x61, 0, 2, 0xc3, 0xa4];
    const reader = readerOf(...pair, ...pair, 0x27, 1);
    reader.skipPairs(0x26, 'pair');
    expect(reader.position).to.equal(16);
    reader.skipPairs(0x26, 'pair');
    expect(reader.position).to.equal(16);
    const all = readerOf(...pair);
    all.skipPairs(0x26, 'pair');
    expect(all.remaining).to.equal(0);
  });

  it('says what is wrong with a pair, be it the first or the second string [MQTT-1.5.4-1]', () => {
    const good = [0x26, 0, 1, 0x61, 0, 1, 0x62];
    const wrong: [number[], string][] = [
      [[0x26, 0, 1, 0xff, 0, 1, 0x62], 'not a UTF-8 string'],
      [[0x26, 0, 1, 0x61, 0, 1, 0], 'not a UTF-8 string'],
      [[0x26, 0, 2, 0x61], 'within pair'],
      [[0x26, 0, 1, 0x61, 0, 2, 0x62], 'within pair'],
      [[0x26, 0, 1, 0x61, 0], 'within pair'],
      [[0x26, 0, 1, 0x61], 'within pair'],
      [[0x26, 0], 'within pair'],
      [[0x26], 'within pair'],
    ];
    for (const [bytes, message] of wrong) {
      const reader = readerOf(...good, ...bytes);
      const error = protocolErrorOf(() => {
        reader.skipPairs(0x26, 'pair');
      });
      expect(error.message, String(bytes)).to.include(message);
      expect(error.reasonCode).to.equal(ReasonCode.MALFORMED_PACKET);
    }
  });

  it('agrees with the lengths that mqtt-packet writes', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 20_000 }), (bytes) => {
        const frame = generate({
          cmd: 'publish',
          topic: '',
          payload: Buffer.alloc(bytes),
          qos: 0,
          dup: false,
          retain: false,
        });
        expect(frame.subarray(0, 4)).to.deep.equal(
          packet(0x30, [0, 0], Buffer.alloc(bytes)).subarray(0, 4),
        );
        const reader = new WireReader(frame, 1, frame.length);
        expect(reader.varint('remaining length'))
          .to.equal(bytes + 2)
          .and.to.equal(reader.remaining);
      }),
    );
  });
});
