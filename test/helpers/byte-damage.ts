import type { Random } from './random.ts';

const EDGE_BYTES = [0x00, 0x01, 0x7f, 0x80, 0xff, 0x10, 0x30, 0x36, 0x82, 0xf0];

/** The bytes with one fault: a bit or byte changed, bytes put in, left out, cut off or doubled. */
export function damaged(random: Random, bytes: Buffer): Buffer {
  const at = random.below(bytes.length);
  const replaced = (index: number, value: number): Buffer => {
    const copy = Buffer.from(bytes);
    copy[index] = value;
    return copy;
  };
  const damages: readonly (() => Buffer)[] = [
    () => replaced(at, bytes.readUInt8(at) ^ (1 << random.below(8))),
    () => replaced(at, random.pick(EDGE_BYTES)),
    () => replaced(Math.min(1, bytes.length - 1), random.below(256)),
    () => replaced(0, random.below(256)),
    () =>
      Buffer.concat([bytes.subarray(0, at), random.bytes(1 + random.below(4)), bytes.subarray(at)]),
    () => Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1)]),
    () => bytes.subarray(0, at + 1),
    () => Buffer.concat([bytes, bytes.subarray(at)]),
  ];
  const result = random.pick(damages)();
  return result.length > 0 ? result : bytes;
}
