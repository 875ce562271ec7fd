import type { StateSpace } from '../../../spi/types.ts';
import { Keyspace } from './keyspace.ts';

/** `50 · space u8 · key` */
export function stateKey(space: StateSpace, key: string): Buffer {
  const bytes = Buffer.allocUnsafe(2 + Buffer.byteLength(key));
  bytes[0] = Keyspace.STATE;
  bytes[1] = space;
  bytes.write(key, 2);
  return bytes;
}

export function textOfStateKey(key: Buffer): string {
  return key.toString('utf8', 2);
}

export function stateRange(space: StateSpace): { gte: Buffer; lt: Buffer } {
  return { gte: Buffer.of(Keyspace.STATE, space), lt: Buffer.of(Keyspace.STATE, space + 1) };
}
