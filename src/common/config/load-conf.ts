import { Ajv, type ValidateFunction } from 'ajv';
import { ConfigError } from '../errors.ts';
import {
  type AnyConfSpec,
  type AnyKeySchema,
  type AnySectionSpec,
  type ConfSpec,
  type ConfValue,
  environmentName,
  type SectionSpec,
} from './conf-spec.ts';
import { expectationOf } from './expectation.ts';
import { type IniSection, parseIni } from './ini-source.ts';
import { didYouMean } from './suggestion.ts';

/** Variables of the environment, as in `process.env`. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The text of a configuration file and where it came from. */
export interface ConfSource {
  /** Path of the file, for messages. */
  readonly origin: string;
  /** Undefined when there is no such file: every key is at its default. */
  readonly text: string | undefined;
}

const ajv = new Ajv({ allErrors: false, keywords: ['unit', 'secret'] });

/**
 * Values of one configuration file: the environment over the file over the defaults, each checked
 * against its schema. Frozen.
 * @throws ConfigError naming the file and line or the variable, the key, the value and what it accepts
 */
export function loadConf<T extends object>(
  spec: ConfSpec<T>,
  source: ConfSource,
  environment: Environment,
): Readonly<T> {
  const anySpec = asAnySpec(spec);
  const values: Record<string, ConfValue> = {};
  for (const [key, schema] of Object.entries(anySpec.keys)) values[key] = schema.default;

  const { entries, sections } = parseIni(source.text ?? '', source.origin);
  for (const section of sections) checkSection(section, anySpec.sections, source.origin);
  for (const [written, { value, line }] of entries) {
    const where = `${source.origin}:${line}`;
    const key = keyOf(anySpec, written);
    if (key !== written && entries.has(key)) {
      throw new ConfigError(`${where}: '${written}' is '${key}', which is set too`);
    }
    const schema = schemaOf(anySpec, key, where);
    values[key] = readValue(schema, value, `${where}: ${key}`);
  }
  for (const [key, schema] of Object.entries(anySpec.keys)) {
    const variable = environmentName(spec.name, key);
    const value = environment[variable];
    if (value !== undefined) values[key] = readValue(schema, value, `environment: ${variable}`);
  }
  return Object.freeze(values) as Readonly<T>;
}

/** A section of a configuration file. */
export interface Section<T extends object> {
  /** What follows the dot in its header. */
  readonly name: string;
  /** File and line of the header, for messages. */
  readonly origin: string;
  /** The keys that it has. */
  readonly values: Readonly<Partial<T>>;
}

/**
 * The sections of one configuration file, in its order, each value checked against its schema. Frozen.
 * @throws ConfigError naming the file and line, the key, the value and what it accepts
 */
export function loadSections<T extends object>(
  spec: SectionSpec<T>,
  source: ConfSource,
): readonly Section<T>[] {
  const anySpec = spec as unknown as AnySectionSpec;
  const { sections } = parseIni(source.text ?? '', source.origin);
  return Object.freeze(
    sections.map((section) => {
      checkSection(section, anySpec, source.origin);
      const values: Record<string, ConfValue> = {};
      for (const [key, { value, line }] of section.entries) {
        const where = `${source.origin}:${line}`;
        const known = Object.hasOwn(anySpec.keys, key) ? anySpec.keys[key] : undefined;
        if (known === undefined) {
          const hint = didYouMean(key, Object.keys(anySpec.keys));
          throw new ConfigError(`${where}: unknown key '${key}' in a section${hint}`);
        }
        values[key] = readValue(known, value, `${where}: ${key}`);
      }
      const { name, line } = section;
      const origin = `${source.origin}:${line}`;
      return Object.freeze({ name, origin, values: Object.freeze(values) as Readonly<Partial<T>> });
    }),
  );
}

function checkSection(
  { kind, name, line }: IniSection,
  spec: AnySectionSpec | undefined,
  origin: string,
): void {
  const where = `${origin}:${line}`;
  if (spec === undefined) {
    throw new ConfigError(`${where}: this file has no sections, found '[${kind}.${name}]'`);
  }
  if (kind !== spec.kind) {
    const expected = `[${spec.kind}.${name}]`;
    throw new ConfigError(`${where}: unknown section '[${kind}.${name}]', expected '${expected}'`);
  }
}

/** The spec without its value type, for code that goes over any file's keys. */
export function asAnySpec<T extends object>(spec: ConfSpec<T>): AnyConfSpec {
  return spec as unknown as AnyConfSpec;
}

/** The values with those of secret keys masked, for logs. */
export function redacted<T extends object>(
  spec: ConfSpec<T> | SectionSpec<T>,
  conf: Readonly<Partial<T>>,
): Readonly<Record<string, unknown>> {
  const { keys } = spec as unknown as Pick<AnyConfSpec, 'keys'>;
  const entries = Object.entries(conf).map(([key, value]: [string, unknown]) => [
    key,
    keys[key]?.secret === true && value !== '' ? '<redacted>' : value,
  ]);
  return Object.freeze(Object.fromEntries(entries) as Record<string, unknown>);
}

/** The key that another spelling stands for. */
function keyOf(spec: AnyConfSpec, written: string): string {
  const { aliases } = spec;
  if (aliases === undefined || !Object.hasOwn(aliases, written)) return written;
  return aliases[written] ?? written;
}

function schemaOf(spec: AnyConfSpec, key: string, where: string): AnyKeySchema {
  if (Object.hasOwn(spec.keys, key)) return spec.keys[key] as AnyKeySchema;
  if (Object.hasOwn(spec.retired, key)) {
    throw new ConfigError(`${where}: key '${key}' does not exist here: ${spec.retired[key] ?? ''}`);
  }
  throw new ConfigError(`${where}: unknown key '${key}'${didYouMean(key, Object.keys(spec.keys))}`);
}

/** Compiled once per schema object; there are as many as there are keys. */
const validators = new WeakMap<AnyKeySchema, ValidateFunction>();

function readValue(schema: AnyKeySchema, text: string, where: string): ConfValue {
  const value = coerce(schema, text);
  let validate = validators.get(schema);
  if (validate === undefined) {
    validate = ajv.compile(schema);
    validators.set(schema, validate);
  }
  if (validate(value)) return value;
  const shown = schema.secret === true ? '<redacted>' : `'${text}'`;
  const unit = schema.unit === undefined ? '' : ` (${schema.unit})`;
  throw new ConfigError(`${where} = ${shown}: expected ${expectationOf(schema)}${unit}`);
}

/** Turns text into the type of the schema where it reads as one; the validator refuses the rest. */
function coerce(schema: AnyKeySchema, text: string): ConfValue {
  const trimmed = text.trim();
  if (!('type' in schema)) return trimmed;
  if (schema.type === 'integer' && /^-?\d{1,15}$/.test(trimmed)) return Number(trimmed);
  if (schema.type === 'boolean' && /^(true|false)$/.test(trimmed)) return trimmed === 'true';
  return text;
}
