import { ID_BYTES, Keyspace, readUint64, writeUint64 } from './keyspace.ts';

const ESCAPED_NUL = 0xff;
const END = 0x01;

function countNul(text: Buffer): number {
  let count = 0;
  for (const byte of text) if (byte === 0) count++;
  return count;
}

/**
 * `40 · consumer · 00 01 · queue id u48`. A zero byte within the consumer is written `00 ff`, so that keys sort
 * by consumer, then by queue, and no two pairs share a key.
 */
export function offsetKey(consumer: string, queueId: number): Buffer {
  const text = Buffer.from(consumer);
  const key = Buffer.allocUnsafe(1 + text.length + countNul(text) + 2 + ID_BYTES);
  let at = 0;
  key[at++] = Keyspace.OFFSET;
  for (const byte of text) {
    key[at++] = byte;
    if (byte === 0) key[at++] = ESCAPED_NUL;
  }
  key[at++] = 0;
  key[at++] = END;
  key.writeUIntBE(queueId, at, ID_BYTES);
  return key;
}

/** The queue of an offset key; NaN when the key is none. */
export function queueOfOffsetKey(key: Buffer): number {
  if (key.length < 1 + 2 + ID_BYTES) return NaN;
  return key.readUIntBE(key.length - ID_BYTES, ID_BYTES);
}

/** The offset, u64. */
export function encodeOffset(offset: number): Buffer {
  const value = Buffer.allocUnsafe(8);
  writeUint64(value, offset, 0);
  return value;
}

/** The offset, or NaN when the value is none. */
export function decodeOffset(value: Buffer): number {
  return value.length === 8 ? readUint64(value, 0) : NaN;
}
