import { isUtf8 } from 'node:buffer';
import { MAX_EXT_FIELDS } from './header-limits.ts';
import { languageCode, languageOfCode } from './language-code.ts';
import type { RemotingCommand } from './remoting-command.ts';
import { SerializeType } from './remoting-command.ts';
import { RemotingProtocolError } from './remoting-error.ts';

/**
 * The binary header, big endian:
 * ```
 *  0  i16  code
 *  2  u8   language
 *  3  i16  version
 *  5  i32  opaque
 *  9  i32  flag
 * 13  i32  remark length · remark
 *     i32  ext block length · repeated { i16 name length · name · i32 value length · value }
 * ```
 */
const FIXED_BYTES = 13;
const MAX_INT16 = 0x7fff;

/** @throws RemotingProtocolError when a number or name does not fit, as codes above 32767 do not */
export function encodeRocketmqHeader(command: RemotingCommand): Buffer {
  const extBytes = extBlockBytes(command.extFields);
  const remark = Buffer.from(command.remark ?? '');
  const header = Buffer.allocUnsafe(FIXED_BYTES + 4 + remark.length + 4 + extBytes);
  header.writeInt16BE(requireInt16(command.code, 'code'), 0);
  header[2] = languageCode(command.language);
  header.writeInt16BE(requireInt16(command.version, 'version'), 3);
  header.writeInt32BE(command.opaque, 5);
  header.writeInt32BE(command.flag, 9);
  let at = header.writeInt32BE(remark.length, FIXED_BYTES);
  at += remark.copy(header, at);
  at = header.writeInt32BE(extBytes, at);
  for (const [name, value] of command.extFields) {
    const nameBytes = header.write(name, at + 2, 'utf8');
    header.writeInt16BE(nameBytes, at);
    at += 2 + nameBytes;
    const valueBytes = header.write(value, at + 4, 'utf8');
    header.writeInt32BE(valueBytes, at);
    at += 4 + valueBytes;
  }
  return header;
}

/** @throws RemotingProtocolError when the header is cut short, too long or not UTF-8 */
export function decodeRocketmqHeader(header: Buffer, body: Buffer | undefined): RemotingCommand {
  const reader = new HeaderReader(header);
  const code = reader.int16();
  const language = languageOfCode(reader.uint8());
  const version = reader.int16();
  const opaque = reader.int32();
  const flag = reader.int32();
  const remark = reader.text(reader.int32());
  const extBytes = reader.int32();
  if (extBytes !== reader.remaining) {
    throw new RemotingProtocolError(
      `ext fields announce ${String(extBytes)} bytes, the header holds ${String(reader.remaining)}`,
    );
  }
  const extFields = new Map<string, string>();
  for (let fields = 1; reader.remaining > 0; fields++) {
    if (fields > MAX_EXT_FIELDS) throw new RemotingProtocolError('header has too many fields');
    const name = reader.text(reader.int16());
    extFields.set(name, reader.text(reader.int32()));
  }
  return {
    serializeType: SerializeType.ROCKETMQ,
    code,
    language,
    version,
    opaque,
    flag,
    remark: remark === '' ? undefined : remark,
    extFields,
    body,
  };
}

function extBlockBytes(extFields: ReadonlyMap<string, string>): number {
  let bytes = 0;
  for (const [name, value] of extFields) {
    const nameBytes = Buffer.byteLength(name);
    if (nameBytes > MAX_INT16) {
      throw new RemotingProtocolError(`ext field name of ${String(nameBytes)} bytes is too long`);
    }
    bytes += 2 + nameBytes + 4 + Buffer.byteLength(value);
  }
  return bytes;
}

function requireInt16(value: number, name: string): number {
  if (value >= -MAX_INT16 - 1 && value <= MAX_INT16) return value;
  throw new RemotingProtocolError(
    `${name} ${String(value)} does not fit a binary header; use JSON`,
  );
}

class HeaderReader {
  readonly #header: Buffer;
  #at = 0;

  constructor(header: Buffer) {
    this.#header = header;
  }

  get remaining(): number {
    return this.#header.length - this.#at;
  }

  uint8(): number {
    return this.#header.readUInt8(this.#advance(1));
  }

  int16(): number {
    return this.#header.readInt16BE(this.#advance(2));
  }

  int32(): number {
    return this.#header.readInt32BE(this.#advance(4));
  }

  text(length: number): string {
    const start = this.#advance(length);
    const bytes = this.#header.subarray(start, start + length);
    if (!isUtf8(bytes)) throw new RemotingProtocolError('header is not UTF-8');
    return bytes.toString('utf8');
  }

  #advance(length: number): number {
    if (length < 0 || length > this.remaining) {
      throw new RemotingProtocolError(
        `header cut short: ${String(length)} bytes wanted, ${String(this.remaining)} left`,
      );
    }
    const start = this.#at;
    this.#at += length;
    return start;
  }
}
