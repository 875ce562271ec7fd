import { expect } from 'chai';
import fc from 'fast-check';
import { OutBuffer } from '../../../../src/gateway/codec/out-buffer.ts';
import { PacketFrames } from '../../../../src/gateway/listener/packet-frames.ts';

/** A packet of the type PUBLISH; what is in it does not matter here. */
function packet(bodyBytes: number): Buffer {
  const length: number[] = [];
  let rest = bodyBytes;
  do {
    length.push((rest % 128) + (rest >= 128 ? 128 : 0));
    rest = Math.floor(rest / 128);
  } while (rest > 0);
  return Buffer.concat([Buffer.from([0x30, ...length]), Buffer.alloc(bodyBytes, 'x')]);
}

interface Frame {
  readonly isFinal: boolean;
  readonly opcode: number;
  readonly payload: Buffer;
}

function parse(bytes: Buffer): Frame[] {
  const frames: Frame[] = [];
  for (let at = 0; at < bytes.length;) {
    const first = bytes.readUInt8(at);
    const short = bytes.readUInt8(at + 1);
    let start = at + 2;
    let length = short;
    if (short === 126) {
      length = bytes.readUInt16BE(start);
      start += 2;
    } else if (short === 127) {
      length = Number(bytes.readBigUInt64BE(start));
      start += 8;
    }
    const payload = bytes.subarray(start, start + length);
    expect(payload).to.have.lengthOf(length);
    frames.push({ isFinal: first >= 0x80, opcode: first & 0x7f, payload });
    at = start + length;
  }
  return frames;
}

/** Payloads of whole messages; fails where the frames do not make messages. */
function messagesIn(frames: readonly Frame[]): Buffer[] {
  const messages: Buffer[] = [];
  let parts: Buffer[] = [];
  for (const { isFinal, opcode, payload } of frames) {
    expect(opcode).to.equal(parts.length === 0 ? 2 : 0);
    parts.push(payload);
    if (!isFinal) continue;
    messages.push(Buffer.concat(parts));
    parts = [];
  }
  expect(parts).to.deep.equal([]);
  return messages;
}

/** What comes out for a chunk, on however many slabs. */
function framed(packetFrames: PacketFrames, chunk: Buffer): Buffer {
  const out = new OutBuffer();
  packetFrames.frame(chunk, out);
  const parts: Buffer[] = [];
  out.drainTo((slab, length) => parts.push(slab.subarray(0, length)));
  return Buffer.concat(parts);
}

describe('PacketFrames', () => {
  it('makes a binary message of a packet', () => {
    const frames = framed(new PacketFrames(), Buffer.from('d000', 'hex'));
    expect(frames.toString('hex')).to.equal('8202d000');
  });

  it('makes a message of each packet of a chunk', () => {
    const frames = framed(
      new PacketFrames(),
      Buffer.from('4002000130030001' + '61' + 'd000', 'hex'),
    );
    expect(frames.toString('hex')).to.equal('820440020001' + '82053003000161' + '8202d000');
  });

  for (const [bytes, header] of [
    [125, '827d'],
    [126, '827e007e'],
    [65_535, '827effff'],
    [65_536, '827f0000000000010000'],
  ] as const) {
    it(`writes the length of ${String(bytes)} bytes`, () => {
      const one = packet(bytes - (bytes < 130 ? 2 : 4));
      expect(one).to.have.lengthOf(bytes);
      const frames = framed(new PacketFrames(), one);
      expect(frames.subarray(0, header.length / 2).toString('hex')).to.equal(header);
      expect(frames.subarray(header.length / 2).equals(one)).to.equal(true);
    });
  }

  it('sends a packet that is cut in its fixed header as one message', () => {
    const packetFrames = new PacketFrames();
    const parts = ['30', '80', '01', '61'.repeat(128) + 'd0', '00'];
    const frames = parts.map((part) => framed(packetFrames, Buffer.from(part, 'hex')));
    const messages = messagesIn(parse(Buffer.concat(frames)));
    expect(messages.map((message) => message.length)).to.deep.equal([131, 2]);
  });

  it('keeps packets whole and in order however they are cut', () => {
    const sizes = fc.array(
      fc.oneof(fc.nat(3), fc.integer({ min: 120, max: 300 }), fc.nat(70_000)),
      {
        minLength: 1,
        maxLength: 8,
      },
    );
    fc.assert(
      fc.property(sizes, fc.array(fc.nat(1_000_000), { maxLength: 6 }), (bodies, cuts) => {
        const packets = bodies.map(packet);
        const all = Buffer.concat(packets);
        const borders = [0, ...cuts.map((cut) => cut % all.length), all.length].sort(
          (a, b) => a - b,
        );
        const packetFrames = new PacketFrames();
        const frames = borders
          .slice(1)
          .map((end, i) => framed(packetFrames, all.subarray(borders[i], end)));
        const messages = messagesIn(parse(Buffer.concat(frames)));
        expect(messages.map((message) => message.length)).to.deep.equal(
          packets.map((one) => one.length),
        );
        expect(Buffer.concat(messages).equals(all)).to.equal(true);
      }),
      { numRuns: 100 },
    );
  });
});
