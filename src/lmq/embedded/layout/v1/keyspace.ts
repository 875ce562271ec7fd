/** First byte of every key: what the rest of the key means. Never reuse a number. */
export const Keyspace = {
  META: 0x00,
  LOG: 0x10,
  INDEX: 0x20,
  RECENT_INDEX: 0x21,
  NAME_TO_ID: 0x30,
  ID_TO_NAME: 0x31,
  OFFSET: 0x40,
  STATE: 0x50,
  FILTER: 0x60,
  TIME: 0x70,
} as const;
export type Keyspace = (typeof Keyspace)[keyof typeof Keyspace];

/** Bytes of a queue id in keys. */
export const ID_BYTES = 6;
/** Largest number that keys and values carry as u64: every such number is a safe integer. */
const MAX_NUMBER: number = Number.MAX_SAFE_INTEGER;

const TWO_32 = 0x1_0000_0000;

/** Writes a non-negative safe integer as u64, big endian, so that byte order is number order. */
export function writeUint64(target: Buffer, value: number, at: number): void {
  target.writeUInt32BE(Math.floor(value / TWO_32), at);
  target.writeUInt32BE(value % TWO_32, at + 4);
}

/** Reads a u64; NaN when it is no safe integer. */
export function readUint64(source: Buffer, at: number): number {
  const value = source.readUInt32BE(at) * TWO_32 + source.readUInt32BE(at + 4);
  return value <= MAX_NUMBER ? value : NaN;
}

/** Keys of one keyspace: `gte` inclusive, `lt` exclusive. */
export function keyspaceRange(keyspace: Keyspace): { gte: Buffer; lt: Buffer } {
  return { gte: Buffer.of(keyspace), lt: Buffer.of(keyspace + 1) };
}

/** A key made of the keyspace and a text that runs to its end. */
export function textKey(keyspace: Keyspace, text: string): Buffer {
  const key = Buffer.allocUnsafe(1 + Buffer.byteLength(text));
  key[0] = keyspace;
  key.write(text, 1);
  return key;
}

export function textOfKey(key: Buffer): string {
  return key.toString('utf8', 1);
}
