/** Shared by the codec's tests. */
import { expect } from 'chai';
import fc from 'fast-check';
import { MqttProtocolError } from '../../../../src/gateway/codec/protocol-error.ts';

/** A complete packet: fixed header and body. */
export function packet(first: number, ...parts: (Buffer | number[] | string)[]): Buffer {
  const body = Buffer.concat(
    parts.map((part) => (typeof part === 'string' ? text(part) : Buffer.from(part))),
  );
  const length: number[] = [];
  let rest = body.length;
  do {
    length.push((rest % 128) | (rest > 127 ? 128 : 0));
    rest = Math.floor(rest / 128);
  } while (rest > 0);
  return Buffer.concat([Buffer.from([first, ...length]), body]);
}

/** MQTT string: two-byte length and UTF-8. */
export function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 0xff]), bytes]);
}

/** What `run` throws, which must be an MqttProtocolError and nothing else. */
export function protocolErrorOf(run: () => unknown): MqttProtocolError {
  try {
    run();
  } catch (error) {
    if (error instanceof MqttProtocolError) return error;
    throw error;
  }
  return expect.fail('nothing was thrown');
}

/** Runs a decoder on any bytes: it returns, or throws an MqttProtocolError. */
export function survives(decode: (frame: Buffer) => unknown, frame: Buffer): void {
  try {
    decode(frame);
  } catch (error) {
    if (!(error instanceof MqttProtocolError)) throw error;
  }
}

/** Strings that MQTT can carry. */
export const mqttText = (maxLength = 12): fc.Arbitrary<string> =>
  fc.string({ unit: 'grapheme', maxLength }).filter((value) => !value.includes('\u0000'));

/** A packet with some of its bytes changed, cut off, doubled or joined by others. */
export function mutated(original: fc.Arbitrary<Buffer>): fc.Arbitrary<Buffer> {
  const edit = fc.record({
    at: fc.nat(300),
    kind: fc.constantFrom('set', 'flip', 'cut', 'insert', 'double'),
    byte: fc.integer({ min: 0, max: 255 }),
  });
  return fc
    .tuple(original, fc.array(edit, { minLength: 1, maxLength: 4 }))
    .map(([frame, edits]) => {
      let bytes = Buffer.from(frame);
      for (const { at, kind, byte } of edits) {
        const i = at % (bytes.length + 1);
        if (kind === 'set' && i < bytes.length) bytes[i] = byte;
        if (kind === 'flip' && i < bytes.length)
          bytes[i] = (bytes[i] as number) ^ (1 << (byte % 8));
        if (kind === 'cut') bytes = bytes.subarray(0, i);
        if (kind === 'insert') {
          bytes = Buffer.concat([bytes.subarray(0, i), Buffer.from([byte]), bytes.subarray(i)]);
        }
        if (kind === 'double') bytes = Buffer.concat([bytes, bytes.subarray(i)]);
      }
      return bytes;
    });
}
