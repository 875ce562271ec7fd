import { isUtf8 } from 'node:buffer';
import { MAX_VARINT_BYTES } from '../../common/bytes/varint.ts';
import { ErrorCode, StoreError } from '../../common/errors.ts';

/**
 * Reads a state record of the store in order. What does not fit throws a StoreError STORE_CORRUPT that
 * names the record and the client id.
 */
export class StateReader {
  readonly #buffer: Buffer;
  readonly #what: string;
  #position = 0;

  /** @param what the record and whose it is, for the message */
  constructor(buffer: Buffer, kind: string, clientId: string) {
    this.#buffer = buffer;
    this.#what = `${kind} of client ${JSON.stringify(clientId)}`;
  }

  get remaining(): number {
    return this.#buffer.length - this.#position;
  }

  corrupt(reason: string): StoreError {
    return new StoreError(ErrorCode.STORE_CORRUPT, `${this.#what} is unreadable: ${reason}`);
  }

  /** Checks that `count` elements of `bytes` each can follow, before room is made for them. */
  expect(count: number, bytes: number): void {
    if (count * bytes > this.remaining) throw this.corrupt('it is cut off');
  }

  #take(bytes: number): number {
    this.expect(1, bytes);
    const start = this.#position;
    this.#position += bytes;
    return start;
  }

  u8(): number {
    return this.#buffer.readUInt8(this.#take(1));
  }

  u16(): number {
    return this.#buffer.readUInt16BE(this.#take(2));
  }

  u24(): number {
    return this.#buffer.readUIntBE(this.#take(3), 3);
  }

  u32(): number {
    return this.#buffer.readUInt32BE(this.#take(4));
  }

  u48(): number {
    return this.#buffer.readUIntBE(this.#take(6), 6);
  }

  /** Unsigned LEB128 without zeros at its end, at most a safe integer. */
  varint(): number {
    let value = 0;
    let scale = 1;
    for (let i = 0; i < MAX_VARINT_BYTES; i++) {
      const byte = this.u8();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) {
        if ((byte === 0 && i > 0) || value > Number.MAX_SAFE_INTEGER) break;
        return value;
      }
      scale *= 0x80;
    }
    throw this.corrupt('illegal number');
  }

  /** A u16 that is not 0. */
  packetId(): number {
    const packetId = this.u16();
    if (packetId === 0) throw this.corrupt('packet identifier 0');
    return packetId;
  }

  text(bytes: number): string {
    const start = this.#take(bytes);
    const part = this.#buffer.subarray(start, this.#position);
    if (!isUtf8(part)) throw this.corrupt('text is not UTF-8');
    return part.toString('utf8');
  }

  /** A copy. */
  bytes(count: number): Buffer {
    const start = this.#take(count);
    return Buffer.from(this.#buffer.subarray(start, this.#position));
  }

  /** First byte of every state record: one of the versions that can be read. */
  expectVersion(...versions: readonly number[]): number {
    const found = this.u8();
    if (!versions.includes(found)) {
      throw this.corrupt(`format version ${found}, expected ${versions.join(' or ')}`);
    }
    return found;
  }

  expectEnd(): void {
    if (this.remaining > 0) throw this.corrupt(`${this.remaining} bytes too many`);
  }
}

/** Largest value of a 48-bit field: offsets and times. */
export const MAX_U48 = 0xffff_ffff_ffff;

/** Writes a 48-bit integer without the range checks of `writeUIntBE`; the caller has made them. */
export function writeU48(target: Buffer, value: number, position: number): number {
  const high = Math.floor(value / 0x1_0000_0000);
  const low = value >>> 0;
  target[position] = high >>> 8;
  target[position + 1] = high;
  target[position + 2] = low >>> 24;
  target[position + 3] = low >>> 16;
  target[position + 4] = low >>> 8;
  target[position + 5] = low;
  return position + 6;
}
