import { Keyspace, readUint64, writeUint64 } from './keyspace.ts';
import type { LogBound } from './meta.ts';

/** A mark in the log: from `block` on, blocks were written at `time` or later. */
export interface TimeMark extends LogBound {
  /** Milliseconds since the epoch; never smaller than that of an earlier mark. */
  readonly time: number;
}

const KEY_BYTES = 15;
const VALUE_BYTES = 16;

/** `70 · time u48 · block u64`; value: `bytes before u64 · records before u64` */
export function timeKey(time: number, block: number): Buffer {
  const key = Buffer.allocUnsafe(KEY_BYTES);
  key[0] = Keyspace.TIME;
  key.writeUIntBE(time, 1, 6);
  writeUint64(key, block, 7);
  return key;
}

export function encodeTimeMark(mark: TimeMark): Buffer {
  const value = Buffer.allocUnsafe(VALUE_BYTES);
  writeUint64(value, mark.bytesBefore, 0);
  writeUint64(value, mark.recordsBefore, 8);
  return value;
}

export function decodeTimeMark(key: Buffer, value: Buffer): TimeMark | undefined {
  if (key.length !== KEY_BYTES || value.length !== VALUE_BYTES) return undefined;
  const time = key.readUIntBE(1, 6);
  const block = readUint64(key, 7);
  const bytesBefore = readUint64(value, 0);
  const recordsBefore = readUint64(value, 8);
  const isSafe = !Number.isNaN(block + bytesBefore + recordsBefore);
  return isSafe ? { time, block, bytesBefore, recordsBefore } : undefined;
}
