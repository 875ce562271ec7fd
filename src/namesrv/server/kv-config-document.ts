import { messageOf } from '../../common/errors.ts';
import { OLDEST_VERSION } from '../kv-version.ts';
import type { KvEntry, KvVersion } from '../kv-version.ts';
import { KvConfigError } from './kv-config-error.ts';

/** `namespace → key → …`, as read from or written to the file. */
type Document<T> = Map<string, Map<string, T>>;

/**
 * Reads the contents of `kvConfig.json`: `{"configTable":{namespace:{key:value}}}`, as RocketMQ writes it,
 * and beside it, by the same keys, `versions` (`[time, writer]`) of the values and of what is `deleted`.
 * @throws KvConfigError naming `path` when it is anything else
 */
export function parseKvConfig(contents: string, path: string): readonly KvEntry[] {
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
  const parts = new Map<string, unknown>(isObject(document) ? Object.entries(document) : []);
  const table = parts.get('configTable');
  if (!isObject(table)) throw refuse('"configTable" is missing or no object');
  const values = tableOf(table, isString, refuse, 'string');
  const versions = tableOf(parts.get('versions') ?? {}, isVersion, refuse, 'version');
  const deleted = tableOf(parts.get('deleted') ?? {}, isVersion, refuse, 'version');
  const entries: KvEntry[] = [];
  for (const [namespace, key, value] of cells(values)) {
    const version = versionOf(versions.get(namespace)?.get(key));
    entries.push({ namespace, key, value, version });
  }
  for (const [namespace, key, version] of cells(deleted)) {
    if (values.get(namespace)?.has(key) === true) continue;
    entries.push({ namespace, key, value: undefined, version: versionOf(version) });
  }
  return entries;
}

/** The inverse of {@link parseKvConfig}. */
export function formatKvConfig(entries: Iterable<KvEntry>): string {
  const values: Document<string> = new Map();
  const versions: Document<VersionText> = new Map();
  const deleted: Document<VersionText> = new Map();
  for (const { namespace, key, value, version } of entries) {
    const text: VersionText = [version.timeMs, version.writer];
    if (value === undefined) {
      put(deleted, namespace, key, text);
    } else {
      put(values, namespace, key, value);
      if (version.timeMs > 0) put(versions, namespace, key, text);
    }
  }
  // The values one a line, for people; of the rest only whole namespaces.
  const table = JSON.stringify(plain(values), undefined, 1);
  const rest = `"versions":${JSON.stringify(plain(versions))},\n"deleted":${JSON.stringify(plain(deleted))}`;
  return `{"configTable":${table},\n${rest}}\n`;
}

type VersionText = readonly [timeMs: number, writer: string];

function tableOf<T>(
  document: unknown,
  isValue: (value: unknown) => value is T,
  refuse: (what: string) => KvConfigError,
  what: string,
): Document<T> {
  const table: Document<T> = new Map();
  if (!isObject(document)) throw refuse(`a table of each ${what} is no object`);
  for (const [namespace, entries] of Object.entries(document)) {
    if (!isObject(entries)) throw refuse(`namespace "${namespace}" is no object`);
    const values = new Map<string, T>();
    for (const [key, value] of Object.entries(entries) as [string, unknown][]) {
      if (!isValue(value)) {
        throw refuse(`the value of key "${key}" in namespace "${namespace}" is no ${what}`);
      }
      values.set(key, value);
    }
    table.set(namespace, values);
  }
  return table;
}

function* cells<T>(table: Document<T>): Iterable<[namespace: string, key: string, value: T]> {
  for (const [namespace, values] of table) {
    for (const [key, value] of values) yield [namespace, key, value];
  }
}

function put<T>(table: Document<T>, namespace: string, key: string, value: T): void {
  const values = table.get(namespace) ?? new Map<string, T>();
  table.set(namespace, values);
  values.set(key, value);
}

/** fromEntries defines own properties, so a key named __proto__ is a key like any other. */
function plain(table: Document<unknown>): object {
  return Object.fromEntries(
    Array.from(table, ([namespace, values]) => [namespace, Object.fromEntries(values)]),
  );
}

function versionOf(version: VersionText | undefined): KvVersion {
  if (version === undefined) return OLDEST_VERSION;
  return { timeMs: version[0], writer: version[1] };
}

function isString(value: unknown): value is string {
  return typeof value === 'string';
}

function isVersion(value: unknown): value is VersionText {
  return (
    Array.isArray(value) &&
    value.length === 2 &&
    Number.isSafeInteger(value[0]) &&
    typeof value[1] === 'string'
  );
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
