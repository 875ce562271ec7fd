import { isNewer, kvId } from './kv-version.ts';
import type { KvEntry, KvVersion } from './kv-version.ts';

/** Value and version of one key. */
export interface VersionedValue {
  /** Undefined: deleted, and remembered so that an older value of another name server does not come back. */
  readonly value: string | undefined;
  readonly version: KvVersion;
}

/** What a table holds. Bytes of namespaces, keys and values in UTF-8. */
export interface TableSize {
  readonly keys: number;
  readonly bytes: number;
  readonly deletedKeys: number;
}

/** A KV table in memory whose entries have versions. */
export class VersionedTable {
  readonly #namespaces = new Map<string, Map<string, VersionedValue>>();
  /** Deleted entries by the text of namespace and key, oldest deletion first. */
  readonly #deleted = new Map<string, KvEntry>();
  #keys = 0;
  #bytes = 0;

  get size(): TableSize {
    return { keys: this.#keys, bytes: this.#bytes, deletedKeys: this.#deleted.size };
  }

  get(namespace: string, key: string): string | undefined {
    return this.find(namespace, key)?.value;
  }

  /** Also of a deleted key. */
  find(namespace: string, key: string): VersionedValue | undefined {
    return this.#namespaces.get(namespace)?.get(key);
  }

  /** The values of a namespace, without deleted keys. */
  list(namespace: string): ReadonlyMap<string, string> {
    const values = new Map<string, string>();
    for (const [key, { value }] of this.#namespaces.get(namespace) ?? []) {
      if (value !== undefined) values.set(key, value);
    }
    return values;
  }

  /** Everything, also deleted keys. */
  *entries(): Iterable<KvEntry> {
    for (const namespace of this.#namespaces.keys()) yield* this.entriesOf(namespace);
  }

  *entriesOf(namespace: string): Iterable<KvEntry> {
    for (const [key, { value, version }] of this.#namespaces.get(namespace) ?? []) {
      yield { namespace, key, value, version };
    }
  }

  /** Takes the entry if it is newer than what is known of its key; false if not. */
  merge(entry: KvEntry): boolean {
    if (!isNewer(entry, this.find(entry.namespace, entry.key))) return false;
    this.set(entry);
    return true;
  }

  /** Takes the entry, whatever is known of its key. */
  set(entry: KvEntry): void {
    const { namespace, key, value, version } = entry;
    this.#drop(namespace, key);
    const values = this.#namespaces.get(namespace) ?? new Map<string, VersionedValue>();
    this.#namespaces.set(namespace, values);
    values.set(key, { value, version });
    if (value === undefined) {
      this.#deleted.set(kvId(namespace, key), entry);
    } else {
      this.#keys += 1;
      this.#bytes += entryBytes(namespace, key, value);
    }
  }

  /** Forgets the oldest deletions: all but `maxKeys`, and those before `sinceMs`. */
  forgetDeleted(maxKeys: number, sinceMs: number): void {
    for (const { namespace, key, version } of this.#deleted.values()) {
      if (this.#deleted.size <= maxKeys && version.timeMs >= sinceMs) return;
      this.#drop(namespace, key);
    }
  }

  #drop(namespace: string, key: string): void {
    const values = this.#namespaces.get(namespace);
    const previous = values?.get(key);
    if (values === undefined || previous === undefined) return;
    values.delete(key);
    if (values.size === 0) this.#namespaces.delete(namespace);
    if (previous.value === undefined) {
      this.#deleted.delete(kvId(namespace, key));
    } else {
      this.#keys -= 1;
      this.#bytes -= entryBytes(namespace, key, previous.value);
    }
  }
}

/** UTF-8 bytes of an entry, as limits count them. */
export function entryBytes(namespace: string, key: string, value: string): number {
  return Buffer.byteLength(namespace) + Buffer.byteLength(key) + Buffer.byteLength(value);
}
