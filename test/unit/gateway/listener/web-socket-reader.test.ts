import { expect } from 'chai';
import fc from 'fast-check';
import { WebSocketReader } from '../../../../src/gateway/listener/web-socket-reader.ts';

const LIMIT = 100_000;
const FINAL = 0x80;

/** A frame as a client sends it. */
function frame(first: number, payload: Uint8Array, key = 0x9c3b_07f1): Buffer {
  const { length } = payload;
  const head = Buffer.alloc(length < 126 ? 2 : length < 65_536 ? 4 : 10);
  head[0] = first;
  head[1] = 0x80 | (length < 126 ? length : length < 65_536 ? 126 : 127);
  if (head.length === 4) head.writeUInt16BE(length, 2);
  if (head.length === 10) head.writeBigUInt64BE(BigInt(length), 2);
  const mask = Buffer.alloc(4);
  mask.writeUInt32BE(key);
  const body = payload.map((byte, i) => byte ^ (mask[i % 4] as number));
  return Buffer.concat([head, mask, body]);
}

interface Read {
  readonly bytes: Buffer;
  readonly pings: readonly string[];
  readonly error: number | undefined;
  readonly closeCode: number | undefined;
}

/** What comes of `wire`, cut at these places; each chunk lies somewhere in one buffer, as reads do. */
function read(wire: Buffer, cuts: readonly number[] = []): Read {
  const pings: string[] = [];
  const reader = new WebSocketReader(LIMIT, (payload) => pings.push(payload.toString()));
  const borders = [0, ...cuts.map((cut) => cut % (wire.length + 1)), wire.length];
  borders.sort((a, b) => a - b);
  const shared = Buffer.allocUnsafeSlow(wire.length + 8);
  const parts: Buffer[] = [];
  for (let i = 1; i < borders.length; i++) {
    const part = wire.subarray(borders[i - 1], borders[i]);
    const chunk = shared.subarray(i % 8, (i % 8) + part.length);
    part.copy(chunk);
    parts.push(Buffer.from(chunk.subarray(0, reader.read(chunk))));
  }
  const { error, closeCode } = reader;
  return { bytes: Buffer.concat(parts), pings, error: error?.code, closeCode };
}

const bytesOf = fc.oneof(
  fc.uint8Array({ maxLength: 20 }),
  fc.uint8Array({ minLength: 120, maxLength: 130 }),
  fc.integer({ min: 65_530, max: 65_540 }).map((length) => new Uint8Array(length).fill(0x5a)),
);
/** A message of one frame or more, with pings and pongs between them. */
const messageOf = fc.array(
  fc.tuple(fc.uint8Array({ maxLength: 140 }), fc.string({ maxLength: 20 })),
  {
    minLength: 1,
    maxLength: 4,
  },
);

describe('gateway: WebSocketReader', () => {
  it('reads single messages of every form of length, however they are cut', () => {
    fc.assert(
      fc.property(bytesOf, bytesOf, fc.array(fc.nat()), fc.integer(), (one, two, cuts, key) => {
        const wire = Buffer.concat([frame(0x82, one, key >>> 0), frame(0x82, two)]);
        const got = read(wire, cuts);
        expect(got.bytes.equals(Buffer.concat([one, two]))).to.equal(true);
        expect([got.error, got.closeCode]).to.deep.equal([undefined, undefined]);
      }),
      { numRuns: 200 },
    );
  });

  it('reads messages in parts with pings between them, however they are cut [MQTT-6.0.0-2]', () => {
    fc.assert(
      fc.property(fc.array(messageOf, { maxLength: 5 }), fc.array(fc.nat()), (messages, cuts) => {
        const wire: Buffer[] = [];
        const wanted: Uint8Array[] = [];
        const pings: string[] = [];
        for (const parts of messages) {
          for (const [i, [payload, beat]] of parts.entries()) {
            const isLast = i === parts.length - 1;
            wire.push(frame((isLast ? FINAL : 0) | (i === 0 ? 2 : 0), payload));
            wire.push(frame(0x89, Buffer.from(beat)), frame(0x8a, Buffer.from('pong')));
            wanted.push(payload);
            pings.push(beat);
          }
        }
        const got = read(Buffer.concat(wire), cuts);
        expect(got.bytes.equals(Buffer.concat(wanted))).to.equal(true);
        expect(got.pings).to.deep.equal(pings);
        expect(got.error).to.equal(undefined);
      }),
      { numRuns: 200 },
    );
  });

  const ok = Buffer.from('ok');
  const reason = Buffer.concat([Buffer.from('03e8', 'hex'), Buffer.from('bye')]);
  const wrong: readonly (readonly [string, Buffer, number])[] = [
    ['a frame that is not masked', Buffer.from('820178', 'hex'), 1002],
    ['a long frame that is not masked', Buffer.from('827e0100', 'hex'), 1002],
    ['the first reserved bit', frame(0xc2, ok), 1002],
    ['the second reserved bit', frame(0xa2, ok), 1002],
    ['the third reserved bit', frame(0x92, ok), 1002],
    ['a continuation of nothing', frame(0x80, ok), 1002],
    ['a continuation behind a final frame', Buffer.concat([frame(0x82, ok), frame(0, ok)]), 1002],
    ['a message within a message', Buffer.concat([frame(0x02, ok), frame(0x82, ok)]), 1002],
    ['an unknown opcode of data', frame(0x83, ok), 1002],
    ['an unknown opcode of control', frame(0x8b, ok), 1002],
    ['a ping in parts', frame(0x09, ok), 1002],
    ['a ping of 126 bytes', frame(0x89, Buffer.alloc(126)), 1002],
    ['a close frame with half a code', frame(0x88, Buffer.from([3])), 1002],
    ['a close code that is not to be sent', frame(0x88, Buffer.from('03ed', 'hex')), 1002],
    ['a close reason that is not UTF-8', frame(0x88, Buffer.from('03e8c328', 'hex')), 1007],
    ['a text message', frame(0x81, ok), 1003],
    ['a text message in parts', frame(0x01, ok), 1003],
    ['a message over the limit', frame(0x82, Buffer.alloc(LIMIT + 1)), 1009],
    ['a length of 2^63', Buffer.from('82ff8000000000000000' + '00000000', 'hex'), 1009],
    [
      'parts that are over the limit together',
      Buffer.concat([frame(0x02, Buffer.alloc(LIMIT)), frame(0x80, Buffer.alloc(1))]),
      1009,
    ],
  ];
  for (const [what, bytes, code] of wrong) {
    it(`ends with ${String(code)} on ${what}, wherever it is cut, and reads no more`, () => {
      const wire = Buffer.concat([frame(0x82, Buffer.from('before')), bytes, frame(0x89, ok)]);
      const cuts = [...Array(Math.min(wire.length, 40)).keys()];
      for (const tried of [[], ...cuts.map((cut) => [cut]), cuts]) {
        const got = read(wire, tried);
        expect(got.error).to.equal(code);
        expect(got.bytes.subarray(0, 6).toString()).to.equal('before');
        expect(got.pings).to.deep.equal([]);
      }
    });
  }

  it('takes a message at the limit, also in parts, and another one then', () => {
    const half = Buffer.alloc(LIMIT / 2, 1);
    const wire = [frame(0x02, half), frame(0x80, half), frame(0x82, Buffer.alloc(LIMIT, 2))];
    const got = read(Buffer.concat(wire), [7, 50_000, 120_000]);
    expect([got.bytes.length, got.error]).to.deep.equal([2 * LIMIT, undefined]);
  });

  it('tells the code of a close frame, and reads nothing behind it', () => {
    for (const [payload, code] of [
      [Buffer.alloc(0), 1005],
      [Buffer.from('0fa0', 'hex'), 4000],
      [reason, 1000],
    ] as const) {
      const wire = [frame(0x82, ok), frame(0x88, payload), frame(0x82, Buffer.from('late'))];
      for (const cuts of [[], [9, 10, 11, 12]]) {
        const got = read(Buffer.concat(wire), cuts);
        expect([got.bytes.toString(), got.closeCode, got.error]).to.deep.equal([
          'ok',
          code,
          undefined,
        ]);
      }
    }
  });

  it('hands over a long frame as it comes', () => {
    const reader = new WebSocketReader(LIMIT, () => undefined);
    const wire = frame(0x82, Buffer.alloc(90_000));
    let size = 0;
    for (let at = 0; at < wire.length; at += 1000) {
      size += reader.read(Buffer.from(wire.subarray(at, at + 1000)));
    }
    expect(size).to.equal(90_000);
  });
});
