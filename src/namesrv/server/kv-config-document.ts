import { messageOf } from '../../common/errors.ts';
import { KvConfigError } from './kv-config-error.ts';

export type KvTable = Map<string, Map<string, string>>;

/**
 * Reads the contents of `kvConfig.json`: `{"configTable":{namespace:{key:value}}}`, as RocketMQ writes it.
 * @throws KvConfigError naming `path` when it is anything else
 */
export function parseKvConfig(contents: string, path: string): KvTable {
  const refuse = (what: string, cause?: unknown): KvConfigError =>
    new KvConfigError(
      `${path} is not a KV config file: ${what}. Repair it or move it away; it was left as it is.`,
      { cause },
    );
  let document: unknown;
  try {
    document = JSON.parse(contents);
  } catch (error) {
    throw refuse(messageOf(error), error);
  }
  const configTable = isObject(document)
    ? new Map<string, unknown>(Object.entries(document)).get('configTable')
    : undefined;
  if (!isObject(configTable)) throw refuse('"configTable" is missing or no object');
  const table: KvTable = new Map();
  for (const [namespace, entries] of Object.entries(configTable)) {
    if (!isObject(entries)) throw refuse(`namespace "${namespace}" is no object`);
    const values = new Map<string, string>();
    for (const [key, value] of Object.entries(entries)) {
      if (typeof value !== 'string') {
        throw refuse(`the value of key "${key}" in namespace "${namespace}" is no string`);
      }
      values.set(key, value);
    }
    table.set(namespace, values);
  }
  return table;
}

/** The inverse of {@link parseKvConfig}. */
export function formatKvConfig(table: KvTable): string {
  // fromEntries defines own properties, so a key named __proto__ is a key like any other.
  const configTable = Object.fromEntries(
    Array.from(table, ([namespace, values]) => [namespace, Object.fromEntries(values)]),
  );
  return `${JSON.stringify({ configTable }, undefined, 1)}\n`;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
