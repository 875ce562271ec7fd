import { Keyspace, readUint64, writeUint64 } from './keyspace.ts';

/** `21 · number of the commit's first block u64` */
export const RECENT_KEY_BYTES = 9;

export function recentKey(firstBlock: number): Buffer {
  const key = Buffer.allocUnsafe(RECENT_KEY_BYTES);
  key[0] = Keyspace.RECENT_INDEX;
  writeUint64(key, firstBlock, 1);
  return key;
}

/** NaN when the key is none. */
export function blockOfRecentKey(key: Buffer): number {
  return key.length === RECENT_KEY_BYTES ? readUint64(key, 1) : NaN;
}
