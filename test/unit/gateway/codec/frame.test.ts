import { expect } from 'chai';
import fc from 'fast-check';
import { FrameReader } from '../../../../src/gateway/codec/frame.ts';
import { ReasonCode } from '../../../../src/gateway/codec/reason-code.ts';
import { frame, hex, remainingLength } from '../../../helpers/packets.ts';
import { protocolErrorOf } from './packets.ts';

const NO_LIMIT = 300_000_000;

describe('gateway: FrameReader', () => {
  it('finds packets one after the other', () => {
    const reader = new FrameReader();
    const bytes = Buffer.concat([hex('c0 00'), hex('30 03 00 01 61'), hex('e0 00')]);
    const found: number[][] = [];
    for (let at = 0; at < bytes.length; at = reader.end) {
      expect(reader.next(bytes, at, bytes.length, NO_LIMIT)).to.equal(true);
      found.push([at, reader.bodyStart, reader.end]);
    }
    expect(found).to.deep.equal([
      [0, 2, 2],
      [2, 4, 7],
      [7, 9, 9],
    ]);
  });

  it('reads remaining lengths of one to four bytes (MQTT 3.1.1, table 2.4)', () => {
    const reader = new FrameReader();
    for (const length of [0, 127, 128, 16_383, 16_384, 2_097_151, 2_097_152, 268_435_455]) {
      const bytes = Buffer.concat([Buffer.from([0x30]), remainingLength(length)]);
      expect(reader.next(bytes, 0, bytes.length, NO_LIMIT)).to.equal(length === 0);
      expect(reader.bodyStart).to.equal(bytes.length);
      expect(reader.end).to.equal(bytes.length + length);
    }
  });

  it('refuses a remaining length of five bytes as soon as the fourth says so (§2.2.3)', () => {
    const reader = new FrameReader();
    for (const bytes of [hex('30 80 80 80 80'), hex('30 ff ff ff ff 7f')]) {
      const error = protocolErrorOf(() => reader.next(bytes, 0, bytes.length, NO_LIMIT));
      expect(error.reasonCode).to.equal(ReasonCode.MALFORMED_PACKET);
    }
  });

  it('refuses a remaining length with a byte too many where it is told to [MQTT5-1.5.5-1]', () => {
    const reader = new FrameReader();
    for (const bytes of [hex('c0 80 00'), hex('30 83 80 00 00 01 61'), hex('c0 80 80 80 00')]) {
      // MQTT 3.1.1 does not say that it has to be short (§2.2.3).
      expect(reader.next(bytes, 0, bytes.length, NO_LIMIT)).to.equal(true);
      expect(reader.end).to.equal(bytes.length);
      const error = protocolErrorOf(() => reader.next(bytes, 0, bytes.length, NO_LIMIT, true));
      expect(error.reasonCode).to.equal(ReasonCode.MALFORMED_PACKET);
    }
    const long = hex('30 80 01');
    expect(reader.next(long, 0, long.length, NO_LIMIT, true)).to.equal(false);
    expect(reader.end).to.equal(long.length + 128);
  });

  it('knows of a packet that is too large from its header alone', () => {
    const reader = new FrameReader();
    const bytes = hex('30 64');
    expect(reader.next(bytes, 0, 2, 102)).to.equal(false);
    const error = protocolErrorOf(() => reader.next(bytes, 0, 2, 101));
    expect(error.reasonCode).to.equal(ReasonCode.PACKET_TOO_LARGE);
  });

  it('says that a packet is not there yet, and where it ends once that is known', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 40_000 }),
        fc.nat(),
        fc.nat(20),
        (length, cut, before) => {
          const packet = frame(0x30, Buffer.alloc(length));
          const bytes = Buffer.concat([Buffer.alloc(before, 0xff), packet]);
          const limit = before + (cut % packet.length);
          const reader = new FrameReader();
          expect(reader.next(bytes, before, limit, NO_LIMIT)).to.equal(false);
          const headerBytes = packet.length - length;
          expect(reader.end).to.equal(limit - before >= headerBytes ? bytes.length : 0);
          expect(reader.next(bytes, before, bytes.length, NO_LIMIT)).to.equal(true);
        },
      ),
    );
  });

  it('does not look at bytes behind the limit', () => {
    const reader = new FrameReader();
    expect(reader.next(hex('30 00'), 0, 1, NO_LIMIT)).to.equal(false);
    expect(reader.end).to.equal(0);
    expect(reader.next(hex('30 80 01'), 0, 2, NO_LIMIT)).to.equal(false);
    expect(reader.end).to.equal(0);
  });
});
