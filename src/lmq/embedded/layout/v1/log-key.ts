import { Keyspace, readUint64, writeUint64 } from './keyspace.ts';

/** `10 · block number u64` */
export const LOG_KEY_BYTES = 9;

export function writeLogKey(target: Buffer, block: number): void {
  target[0] = Keyspace.LOG;
  writeUint64(target, block, 1);
}

export function logKey(block: number): Buffer {
  const key = Buffer.allocUnsafe(LOG_KEY_BYTES);
  writeLogKey(key, block);
  return key;
}

export function blockOfLogKey(key: Buffer): number {
  return readUint64(key, 1);
}
