import { Ajv, type ValidateFunction } from 'ajv';
import { ConfigError } from '../errors.ts';
import {
  type AnyConfSpec,
  type AnyKeySchema,
  type ConfSpec,
  type ConfValue,
  environmentName,
} from './conf-spec.ts';
import { expectationOf } from './expectation.ts';
import { parseIni } from './ini-source.ts';
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

  const entries = parseIni(source.text ?? '', source.origin);
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

/** The spec without its value type, for code that goes over any file's keys. */
export function asAnySpec<T extends object>(spec: ConfSpec<T>): AnyConfSpec {
  return spec as unknown as AnyConfSpec;
}

/** The values with those of secret keys masked, for logs. */
export function redacted<T extends object>(
  spec: ConfSpec<T>,
  conf: Readonly<T>,
): Readonly<Record<string, unknown>> {
  const { keys } = asAnySpec(spec);
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
  throw new ConfigError(`${where} = ${shown}: expected ${expectationOf(schema)}`);
}

/** Turns text into the type of the schema where it reads as one; the validator refuses the rest. */
function coerce(schema: AnyKeySchema, text: string): ConfValue {
  const trimmed = text.trim();
  if (!('type' in schema)) return trimmed;
  if (schema.type === 'integer' && /^-?\d{1,15}$/.test(trimmed)) return Number(trimmed);
  if (schema.type === 'boolean' && /^(true|false)$/.test(trimmed)) return trimmed === 'true';
  return text;
}
