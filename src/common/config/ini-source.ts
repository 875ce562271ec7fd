import { parse } from 'ini';
import { ConfigError } from '../errors.ts';

/** One `key = value` line. */
export interface IniEntry {
  readonly value: string;
  /** Line number, from 1. */
  readonly line: number;
}

/** The lines behind a `[kind.name]` line. */
export interface IniSection {
  readonly kind: string;
  readonly name: string;
  readonly line: number;
  readonly entries: Map<string, IniEntry>;
}

export interface IniFile {
  /** What comes before the first section. */
  readonly entries: Map<string, IniEntry>;
  readonly sections: readonly IniSection[];
}

/**
 * Reads the text of one configuration file: `key = value` lines, `;` and `#` comments, values with
 * either sign in quotes, `[kind.name]` sections. No section and no key in it twice, so that what a line
 * says is what holds.
 * @param origin path of the file, for messages
 */
export function parseIni(text: string, origin: string): IniFile {
  const file: IniFile & { sections: IniSection[] } = { entries: new Map(), sections: [] };
  let { entries } = file;
  const lines = text.replace(/^\uFEFF/, '').split(/\r\n|\n|\r/);
  for (const [index, line] of lines.entries()) {
    const where = `${origin}:${index + 1}`;
    const trimmed = line.trim();
    if (trimmed === '' || /^[;#]/.test(trimmed)) continue;
    if (trimmed.startsWith('[')) {
      entries = new Map<string, IniEntry>();
      const section = { ...parseHeader(trimmed, where), line: index + 1, entries };
      const same = file.sections.find(
        ({ kind, name }) => kind === section.kind && name === section.name,
      );
      if (same !== undefined) {
        throw new ConfigError(`${where}: section '${trimmed}' is already in line ${same.line}`);
      }
      file.sections.push(section);
      continue;
    }
    const { key, value } = parseLine(trimmed, where);
    const earlier = entries.get(key);
    if (earlier !== undefined) {
      throw new ConfigError(`${where}: key '${key}' is already set in line ${earlier.line}`);
    }
    entries.set(key, { value, line: index + 1 });
  }
  return file;
}

const HEADER = /^\[(\w+)\.([\w-]+)\]\s*(?:[;#].*)?$/;

function parseHeader(line: string, where: string): { kind: string; name: string } {
  const [, kind, name] = HEADER.exec(line) ?? [];
  if (kind === undefined || name === undefined) {
    throw new ConfigError(
      `${where}: '${line}' is not a section: expected [kind.name], as in [listener.one]`,
    );
  }
  return { kind, name };
}

function parseLine(line: string, where: string): { key: string; value: string } {
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
