import { isUtf8 } from 'node:buffer';
import { messageOf } from '../common/errors.ts';
import { hasMoreJsonTokens, MAX_JSON_TOKENS } from './header-limits.ts';
import { languageOfName } from './language-code.ts';
import type { RemotingCommand } from './remoting-command.ts';
import { SerializeType } from './remoting-command.ts';
import { RemotingProtocolError } from './remoting-error.ts';

const MIN_INT32 = -0x8000_0000;
const MAX_INT32 = 0x7fff_ffff;

/** The JSON header of a command, fields in the order in which Java writes them. */
export function encodeJsonHeader(command: RemotingCommand): Buffer {
  const { code, extFields, flag, language, opaque, remark, version } = command;
  return Buffer.from(
    JSON.stringify({
      code,
      // fromEntries defines own properties, so a field named __proto__ is a field like any other.
      extFields: extFields.size === 0 ? undefined : Object.fromEntries(extFields),
      flag,
      language,
      opaque,
      remark: remark === '' ? undefined : remark,
      serializeTypeCurrentRPC: 'JSON',
      version,
    }),
  );
}

/**
 * Reads a JSON header: a missing number is 0, unknown fields are ignored, as in Java.
 * @throws RemotingProtocolError when it is no JSON object or a field is ill-typed
 */
export function decodeJsonHeader(header: Buffer, body: Buffer | undefined): RemotingCommand {
  const fields = parseObject(header);
  return {
    serializeType: SerializeType.JSON,
    code: int32(fields, 'code'),
    language: languageOfName(fields.get('language')),
    version: int32(fields, 'version'),
    opaque: int32(fields, 'opaque'),
    flag: int32(fields, 'flag'),
    remark: remarkOf(fields.get('remark')),
    extFields: extFieldsOf(fields.get('extFields')),
    body,
  };
}

function parseObject(header: Buffer): ReadonlyMap<string, unknown> {
  if (!isUtf8(header)) throw new RemotingProtocolError('header is not UTF-8');
  if (hasMoreJsonTokens(header, MAX_JSON_TOKENS)) {
    throw new RemotingProtocolError('header has too many fields');
  }
  let parsed: unknown;
  try {
    parsed = JSON.parse(header.toString('utf8'));
  } catch (error) {
    throw new RemotingProtocolError(`header is not JSON: ${messageOf(error)}`, { cause: error });
  }
  if (!isObject(parsed)) throw new RemotingProtocolError('header is no JSON object');
  return new Map(Object.entries(parsed));
}

function int32(fields: ReadonlyMap<string, unknown>, name: string): number {
  const value = fields.get(name) ?? 0;
  if (
    typeof value === 'number' &&
    Number.isInteger(value) &&
    value >= MIN_INT32 &&
    value <= MAX_INT32
  ) {
    return value;
  }
  throw new RemotingProtocolError(`header field ${name} is no 32-bit integer`);
}

function remarkOf(value: unknown): string | undefined {
  if (value === undefined || value === null || value === '') return undefined;
  if (typeof value !== 'string')
    throw new RemotingProtocolError('header field remark is no string');
  return value;
}

function extFieldsOf(value: unknown): ReadonlyMap<string, string> {
  const extFields = new Map<string, string>();
  if (value === undefined || value === null) return extFields;
  if (!isObject(value)) throw new RemotingProtocolError('header field extFields is no object');
  for (const [name, field] of Object.entries(value) as [string, unknown][]) {
    if (typeof field === 'string') extFields.set(name, field);
    else if (typeof field === 'number' || typeof field === 'boolean')
      extFields.set(name, String(field));
    else if (field !== null) throw new RemotingProtocolError(`ext field ${name} is no string`);
  }
  return extFields;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
