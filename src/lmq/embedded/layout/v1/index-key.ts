import { ID_BYTES, Keyspace, readUint64, writeUint64 } from './keyspace.ts';

/** `20 · queue id u48 · first offset u64` */
export const INDEX_KEY_BYTES: number = 1 + ID_BYTES + 8;

export function writeIndexKey(target: Buffer, queueId: number, firstOffset: number): void {
  target[0] = Keyspace.INDEX;
  target.writeUIntBE(queueId, 1, ID_BYTES);
  writeUint64(target, firstOffset, 1 + ID_BYTES);
}

export function indexKey(queueId: number, firstOffset: number): Buffer {
  const key = Buffer.allocUnsafe(INDEX_KEY_BYTES);
  writeIndexKey(key, queueId, firstOffset);
  return key;
}

export function queueOfIndexKey(key: Buffer): number {
  return key.readUIntBE(1, ID_BYTES);
}

export function offsetOfIndexKey(key: Buffer): number {
  return readUint64(key, 1 + ID_BYTES);
}
