import { Keyspace, textKey, textOfKey } from './keyspace.ts';

export interface FilterRecord {
  readonly pinned: boolean;
  /** Uses by persistent sessions. */
  readonly durableUses: number;
}

const VALUE_BYTES = 5;
const PINNED = 1;

/** `60 · filter` */
export function filterKey(filter: string): Buffer {
  return textKey(Keyspace.FILTER, filter);
}

export function filterOfKey(key: Buffer): string {
  return textOfKey(key);
}

/** `flags u8 (bit 0: pinned) · durable uses u32` */
export function encodeFilter(record: FilterRecord): Buffer {
  const value = Buffer.allocUnsafe(VALUE_BYTES);
  value[0] = record.pinned ? PINNED : 0;
  value.writeUInt32BE(record.durableUses, 1);
  return value;
}

export function decodeFilter(value: Buffer): FilterRecord | undefined {
  if (value.length !== VALUE_BYTES || (value[0] as number) > PINNED) return undefined;
  return { pinned: value[0] === PINNED, durableUses: value.readUInt32BE(1) };
}
