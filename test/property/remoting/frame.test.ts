import { expect } from 'chai';
import fc from 'fast-check';
import { FrameDecoder } from '../../../src/remoting/frame-decoder.ts';
import { encodeFrame } from '../../../src/remoting/frame.ts';
import type { RemotingCommand } from '../../../src/remoting/remoting-command.ts';
import { SerializeType } from '../../../src/remoting/remoting-command.ts';
import { RemotingError } from '../../../src/remoting/remoting-error.ts';

const text = fc.string({ unit: 'grapheme', maxLength: 40 });
const fieldName = fc.oneof(text, fc.constantFrom('__proto__', 'toString', 'constructor', ''));
const int32 = fc.integer({ min: -0x8000_0000, max: 0x7fff_ffff });
const int16 = fc.integer({ min: -0x8000, max: 0x7fff });

const command: fc.Arbitrary<RemotingCommand> = fc.record({
  serializeType: fc.constantFrom(SerializeType.JSON, SerializeType.ROCKETMQ),
  code: int16,
  language: fc.constantFrom('JAVA', 'OTHER', 'GO', 'NODE_JS'),
  version: int16,
  opaque: int32,
  flag: int32,
  remark: fc.option(fc.string({ unit: 'grapheme', minLength: 1 }), { nil: undefined }),
  extFields: fc.array(fc.tuple(fieldName, text), { maxLength: 8 }).map((fields) => new Map(fields)),
  body: fc.option(
    fc.uint8Array({ minLength: 1, maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
    { nil: undefined },
  ),
});

/** Feeds `stream` in pieces cut at `cuts` and returns what comes out. */
function decodeInPieces(stream: Buffer, cuts: readonly number[]): RemotingCommand[] {
  const decoder = new FrameDecoder();
  const commands: RemotingCommand[] = [];
  const ends = [...cuts.map((cut) => cut % (stream.length + 1)), stream.length].sort(
    (a, b) => a - b,
  );
  let start = 0;
  for (const end of ends) {
    decoder.push(stream.subarray(start, end));
    start = end;
    for (let next = decoder.next(); next !== undefined; next = decoder.next()) commands.push(next);
  }
  return commands;
}

describe('remoting frames (property)', () => {
  it('come back as they were, however the stream is cut', () => {
    fc.assert(
      fc.property(
        fc.array(command, { minLength: 1, maxLength: 5 }),
        fc.array(fc.nat(), { maxLength: 12 }),
        (commands, cuts) => {
          const stream = Buffer.concat(commands.map((each) => encodeFrame(each)));
          expect(decodeInPieces(stream, cuts)).to.deep.equal(commands);
        },
      ),
      { numRuns: 500 },
    );
  });

  it('are decoded or refused with a RemotingError when bytes are changed', () => {
    const change = fc.tuple(fc.nat(), fc.nat({ max: 255 }));
    fc.assert(
      fc.property(
        command,
        fc.array(change, { minLength: 1, maxLength: 6 }),
        (original, changes) => {
          const stream = encodeFrame(original);
          for (const [position, byte] of changes) stream[position % stream.length] = byte;
          try {
            decodeInPieces(stream, []);
          } catch (error) {
            expect(error).to.be.instanceOf(RemotingError);
          }
        },
      ),
      { numRuns: 2000 },
    );
  });

  it('are decoded or refused with a RemotingError when they are garbage', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.boolean(), (bytes, asFrame) => {
        const stream = Buffer.from(bytes);
        if (asFrame && stream.length >= 8) {
          stream.writeInt32BE(stream.length - 4, 0);
          stream[4] = (stream[4] ?? 0) & 1;
          stream[5] = 0;
          stream[6] = 0;
        }
        try {
          decodeInPieces(stream, []);
        } catch (error) {
          expect(error).to.be.instanceOf(RemotingError);
        }
      }),
      { numRuns: 2000 },
    );
  });
});
