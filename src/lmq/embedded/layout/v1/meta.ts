import { Keyspace, readUint64, writeUint64 } from './keyspace.ts';

export const FORMAT_VERSION = 1;

/** `00 'format'`: `'lmqtt' · version u16` */
export const FORMAT_KEY: Buffer = metaKey('format');
/** `00 'start'`: the first block that is not expired. */
export const LOG_START_KEY: Buffer = metaKey('start');
/** `00 'end'`: one past the last block written. */
export const LOG_END_KEY: Buffer = metaKey('end');
/** `00 'journal'`: sequence number u64 of the last write; entries of the journal up to it are in here. */
export const JOURNAL_KEY: Buffer = metaKey('journal');

const MAGIC = Buffer.from('lmqtt', 'latin1');

/** A place in the log. */
export interface LogBound {
  readonly block: number;
  /** Bytes of all blocks before it, since the store was made. */
  readonly bytesBefore: number;
  /** Records of all blocks before it, since the store was made. */
  readonly recordsBefore: number;
}

const BOUND_BYTES = 24;
/** Length of what is under `LOG_END_KEY`. */
export const LOG_END_BYTES: number = BOUND_BYTES;

function metaKey(name: string): Buffer {
  return Buffer.concat([Buffer.of(Keyspace.META), Buffer.from(name, 'latin1')]);
}

export function encodeFormat(version: number): Buffer {
  const value = Buffer.allocUnsafe(MAGIC.length + 2);
  MAGIC.copy(value);
  value.writeUInt16BE(version, MAGIC.length);
  return value;
}

/** The format version, or undefined when the value is not ours. */
export function decodeFormat(value: Buffer): number | undefined {
  if (value.length !== MAGIC.length + 2 || !value.subarray(0, MAGIC.length).equals(MAGIC)) {
    return undefined;
  }
  return value.readUInt16BE(MAGIC.length);
}

export function encodeSequence(sequence: number): Buffer {
  const value = Buffer.allocUnsafe(8);
  writeUint64(value, sequence, 0);
  return value;
}

/** NaN when the value is none. */
export function decodeSequence(value: Buffer): number {
  return value.length === 8 ? readUint64(value, 0) : NaN;
}

/** `block u64 · bytes before u64 · records before u64` */
export function encodeLogBound(bound: LogBound): Buffer {
  const value = Buffer.allocUnsafe(BOUND_BYTES);
  writeUint64(value, bound.block, 0);
  writeUint64(value, bound.bytesBefore, 8);
  writeUint64(value, bound.recordsBefore, 16);
  return value;
}

export function decodeLogBound(value: Buffer): LogBound | undefined {
  if (value.length !== BOUND_BYTES) return undefined;
  const block = readUint64(value, 0);
  const bytesBefore = readUint64(value, 8);
  const recordsBefore = readUint64(value, 16);
  const isSafe = !Number.isNaN(block + bytesBefore + recordsBefore);
  return isSafe ? { block, bytesBefore, recordsBefore } : undefined;
}
