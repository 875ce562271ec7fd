import { ID_BYTES, Keyspace, textKey } from './keyspace.ts';

/** `30 · queue name`: its value is the id, u48. */
export function nameKey(name: string): Buffer {
  return textKey(Keyspace.NAME_TO_ID, name);
}

/** `31 · queue id u48`: its value is the name. */
export function idKey(id: number): Buffer {
  const key = Buffer.allocUnsafe(1 + ID_BYTES);
  key[0] = Keyspace.ID_TO_NAME;
  key.writeUIntBE(id, 1, ID_BYTES);
  return key;
}

export function idOfIdKey(key: Buffer): number {
  return key.readUIntBE(1, ID_BYTES);
}

export function encodeId(id: number): Buffer {
  const value = Buffer.allocUnsafe(ID_BYTES);
  value.writeUIntBE(id, 0, ID_BYTES);
  return value;
}

/** The id, or NaN when the value is none. */
export function decodeId(value: Buffer): number {
  return value.length === ID_BYTES ? value.readUIntBE(0, ID_BYTES) : NaN;
}
