import { parse } from 'ini';
import { ConfigError } from '../errors.ts';

/** One `key = value` line. */
export interface IniEntry {
  readonly value: string;
  /** Line number, from 1. */
  readonly line: number;
}

/**
 * Reads the text of one configuration file: `key = value` lines, `;` and `#` comments, values with
 * either sign in quotes. No sections and no key twice, so that what a line says is what holds.
 * @param origin path of the file, for messages
 */
export function parseIni(text: string, origin: string): Map<string, IniEntry> {
  const entries = new Map<string, IniEntry>();
  const lines = text.replace(/^\uFEFF/, '').split(/\r\n|\n|\r/);
  for (const [index, line] of lines.entries()) {
    const where = `${origin}:${index + 1}`;
    const trimmed = line.trim();
    if (trimmed === '' || /^[;#]/.test(trimmed)) continue;
    const { key, value } = parseLine(trimmed, where);
    const earlier = entries.get(key);
    if (earlier !== undefined) {
      throw new ConfigError(`${where}: key '${key}' is already set in line ${earlier.line}`);
    }
    entries.set(key, { value, line: index + 1 });
  }
  return entries;
}

function parseLine(line: string, where: string): { key: string; value: string } {
  if (line.startsWith('[')) {
    throw new ConfigError(`${where}: sections are not allowed, found '${line}'`);
  }
  const equals = line.indexOf('=');
  if (equals < 1) throw new ConfigError(`${where}: the line is not 'key = value'`);
  const key = line.slice(0, equals).trim();
  if (!/^\w+$/.test(key)) throw new ConfigError(`${where}: '${key}' is not a key`);
  return { key, value: parseValue(key, line.slice(equals + 1).trim(), where) };
}

/** A quoted value, then nothing but a comment. */
const QUOTED = /^("(?:[^"\\]|\\.)*"|'[^']*')\s*(?:[;#].*)?$/;

function parseValue(key: string, raw: string, where: string): string {
  if (/^["']/.test(raw)) {
    const quoted = QUOTED.exec(raw)?.[1];
    if (quoted === undefined)
      throw new ConfigError(`${where}: the quotes of '${key}' do not match`);
    // The package would read a number or an object out of single quotes; here they quote text.
    return quoted.startsWith("'") ? quoted.slice(1, -1) : readValue(quoted);
  }
  const uncommented = raw.split(/\s[;#]/, 1)[0] ?? '';
  if (/[^\s\\][;#]/.test(uncommented)) {
    throw new ConfigError(
      `${where}: the value of '${key}' contains ';' or '#': put it in quotes, or put a space before the comment`,
    );
  }
  return readValue(raw);
}

function readValue(raw: string): string {
  return String(Object.values(parse(`value = ${raw}`))[0]);
}
