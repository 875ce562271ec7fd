import { readFile } from 'node:fs/promises';
import { messageOf } from '../../common/errors.ts';
import type { Service } from '../../common/lifecycle.ts';
import type { Logger } from '../../common/logger.ts';
import type { KvConfig } from '../types.ts';
import { formatKvConfig, parseKvConfig } from './kv-config-document.ts';
import type { KvTable } from './kv-config-document.ts';
import { KvConfigError } from './kv-config-error.ts';
import { DEFAULT_KV_CONFIG_LIMITS } from './kv-config-limits.ts';
import type { KvConfigLimits } from './kv-config-limits.ts';
import { KvWatchers } from './kv-watchers.ts';
import type { KvListener } from './kv-watchers.ts';
import { SnapshotFile } from './snapshot-file.ts';

export interface KvConfigTableOptions {
  /** The file that holds the table; created, with its directory, when missing. */
  readonly file: string;
  readonly logger: Logger;
  readonly limits?: Partial<KvConfigLimits>;
}

const NO_VALUES: ReadonlyMap<string, string> = new Map();

/**
 * The KV config of one name server: a table in memory, in a file on disk. A change is visible at once
 * and its promise resolves when it is on disk. When a write fails the promise rejects, the change
 * stays in memory, and the next write (or `stop`) carries it.
 */
export class KvConfigTable implements KvConfig, Service {
  readonly #logger: Logger;
  readonly #limits: KvConfigLimits;
  readonly #file: SnapshotFile;
  readonly #watchers: KvWatchers;
  #table: KvTable = new Map();
  #keys = 0;
  #totalBytes = 0;
  #revision = 0;
  #savedRevision = 0;
  #running = false;

  constructor(options: KvConfigTableOptions) {
    this.#logger = options.logger;
    this.#limits = { ...DEFAULT_KV_CONFIG_LIMITS, ...options.limits };
    this.#watchers = new KvWatchers(options.logger);
    this.#file = new SnapshotFile(options.file, () => formatKvConfig(this.#table));
  }

  /** @throws KvConfigError naming the file when it is corrupt or cannot be read */
  async start(): Promise<void> {
    if (this.#running) return;
    this.#table = await this.#load();
    this.#keys = 0;
    this.#totalBytes = 0;
    for (const [namespace, values] of this.#table) {
      for (const [key, value] of values) this.#count(1, namespace, key, value);
    }
    this.#running = true;
    this.#logger.debug({ file: this.#file.path, keys: this.#keys }, 'KV config loaded');
  }

  async stop(): Promise<void> {
    if (!this.#running) return;
    this.#running = false;
    await this.#saved();
  }

  get(namespace: string, key: string): string | undefined {
    return this.#table.get(namespace)?.get(key);
  }

  list(namespace: string): ReadonlyMap<string, string> {
    return this.#table.get(namespace) ?? NO_VALUES;
  }

  /** @throws KvConfigError (rejection) when a limit is exceeded, after `stop`, or when the disk refuses */
  async put(namespace: string, key: string, value: string): Promise<void> {
    this.#requireRunning();
    const values = this.#table.get(namespace) ?? new Map<string, string>();
    const previous = values.get(key);
    if (previous !== value) {
      this.#requireRoom(namespace, key, value, previous);
      if (previous !== undefined) this.#count(-1, namespace, key, previous);
      this.#count(1, namespace, key, value);
      values.set(key, value);
      this.#table.set(namespace, values);
      this.#revision += 1;
    }
    // A repeated value is told too: who writes it states it, which may mean more than the value shows.
    this.#watchers.notify({ namespace, key, value });
    await this.#saved();
  }

  /** @throws KvConfigError (rejection) after `stop` or when the disk refuses */
  async delete(namespace: string, key: string): Promise<void> {
    this.#requireRunning();
    const values = this.#table.get(namespace);
    const previous = values?.get(key);
    if (values !== undefined && previous !== undefined) {
      this.#count(-1, namespace, key, previous);
      values.delete(key);
      if (values.size === 0) this.#table.delete(namespace);
      this.#revision += 1;
      this.#watchers.notify({ namespace, key, value: undefined });
    }
    await this.#saved();
  }

  watch(namespace: string, listener: KvListener): () => void {
    return this.#watchers.add(namespace, listener);
  }

  async #load(): Promise<KvTable> {
    const { path } = this.#file;
    let contents: string;
    try {
      await this.#file.prepare();
      contents = await readFile(path, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return new Map();
      throw new KvConfigError(`cannot read the KV config file ${path}: ${messageOf(error)}`, {
        cause: error,
      });
    }
    return parseKvConfig(contents, path);
  }

  /** Resolves when everything changed so far is on disk. */
  async #saved(): Promise<void> {
    const revision = this.#revision;
    if (revision === this.#savedRevision) return;
    try {
      await this.#file.save();
    } catch (error) {
      const { path } = this.#file;
      this.#logger.error({ file: path, error: messageOf(error) }, 'KV config not written');
      throw new KvConfigError(`cannot write the KV config file ${path}: ${messageOf(error)}`, {
        cause: error,
        retryable: true,
      });
    }
    this.#savedRevision = Math.max(this.#savedRevision, revision);
  }

  #count(sign: 1 | -1, namespace: string, key: string, value: string): void {
    this.#keys += sign;
    this.#totalBytes += sign * entryBytes(namespace, key, value);
  }

  #requireRunning(): void {
    if (!this.#running) throw new KvConfigError(`the KV config ${this.#file.path} is closed`);
  }

  #requireRoom(namespace: string, key: string, value: string, previous: string | undefined): void {
    const limits = this.#limits;
    requireAtMost(Buffer.byteLength(namespace), limits.maxNamespaceBytes, 'namespace', 'bytes');
    requireAtMost(Buffer.byteLength(key), limits.maxKeyBytes, 'key', 'bytes');
    requireAtMost(Buffer.byteLength(value), limits.maxValueBytes, 'value', 'bytes');
    const replaced = previous === undefined ? 0 : entryBytes(namespace, key, previous);
    const keys = this.#keys + (previous === undefined ? 1 : 0);
    requireAtMost(keys, limits.maxKeys, 'KV config', 'keys');
    const totalBytes = this.#totalBytes - replaced + entryBytes(namespace, key, value);
    requireAtMost(totalBytes, limits.maxTotalBytes, 'KV config', 'bytes');
  }
}

function entryBytes(namespace: string, key: string, value: string): number {
  return Buffer.byteLength(namespace) + Buffer.byteLength(key) + Buffer.byteLength(value);
}

function requireAtMost(actual: number, limit: number, what: string, unit: string): void {
  if (actual > limit) {
    throw new KvConfigError(
      `${what} too large: ${String(actual)} ${unit}, the limit is ${String(limit)}`,
    );
  }
}
