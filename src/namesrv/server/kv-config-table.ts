import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { systemClock } from '../../common/clock.ts';
import type { Clock } from '../../common/clock.ts';
import { messageOf } from '../../common/errors.ts';
import { isMissing } from '../../common/is-missing.ts';
import type { Service } from '../../common/lifecycle.ts';
import type { Logger } from '../../common/logger.ts';
import { compareVersions, isNewer } from '../kv-version.ts';
import type { KvEntry, KvVersion } from '../kv-version.ts';
import type { KvConfig } from '../types.ts';
import { entryBytes, VersionedTable } from '../versioned-table.ts';
import type { TableSize, VersionedValue } from '../versioned-table.ts';
import { formatKvConfig, parseKvConfig } from './kv-config-document.ts';
import { KvConfigError } from './kv-config-error.ts';
import { DEFAULT_KV_CONFIG_LIMITS, requireAtMost, requireFitting } from './kv-config-limits.ts';
import type { KvConfigLimits } from './kv-config-limits.ts';
import { KvWatchers } from '../kv-watchers.ts';
import type { KvListener } from '../kv-watchers.ts';
import { SnapshotFile } from './snapshot-file.ts';

export interface KvConfigTableOptions {
  /** The file that holds the table; created, with its directory, when missing. */
  readonly file: string;
  readonly logger: Logger;
  readonly limits?: Partial<KvConfigLimits>;
  readonly clock?: Clock;
}

/** The entry that a write depended on has changed meanwhile. */
export class KvConflictError extends KvConfigError {}

/**
 * The KV config of one name server: a table in memory, in a file on disk. A change is visible at once
 * and its promise resolves when it is on disk. When a write fails the promise rejects, the change
 * stays in memory, and the next write (or `stop`) carries it.
 */
export class KvConfigTable implements KvConfig, Service {
  readonly #logger: Logger;
  readonly #limits: KvConfigLimits;
  readonly #clock: Clock;
  readonly #file: SnapshotFile;
  readonly #watchers: KvWatchers;
  /** Part of the versions written here; new in each life, so no two lives write the same version. */
  readonly #writer = randomBytes(6).toString('base64url');
  #table = new VersionedTable();
  #revision = 0;
  #savedRevision = 0;
  #running = false;

  constructor(options: KvConfigTableOptions) {
    this.#logger = options.logger;
    this.#limits = { ...DEFAULT_KV_CONFIG_LIMITS, ...options.limits };
    this.#clock = options.clock ?? systemClock;
    this.#watchers = new KvWatchers(options.logger);
    this.#file = new SnapshotFile(options.file, () => formatKvConfig(this.#table.entries()));
  }

  /** @throws KvConfigError naming the file when it is corrupt or cannot be read */
  async start(): Promise<void> {
    if (this.#running) return;
    this.#table = await this.#load();
    this.#running = true;
    const { keys } = this.#table.size;
    this.#logger.debug({ file: this.#file.path, keys }, 'KV config loaded');
  }

  async stop(): Promise<void> {
    if (!this.#running) return;
    this.#running = false;
    await this.#saved();
  }

  get(namespace: string, key: string): string | undefined {
    return this.#table.get(namespace, key);
  }

  /** Value and version of a key, also of a deleted one that is remembered. */
  find(namespace: string, key: string): VersionedValue | undefined {
    return this.#table.find(namespace, key);
  }

  list(namespace: string): ReadonlyMap<string, string> {
    return this.#table.list(namespace);
  }

  get size(): TableSize {
    return this.#table.size;
  }

  /** Everything with versions, and also deleted keys that are remembered. */
  entries(): Iterable<KvEntry> {
    return this.#table.entries();
  }

  /** As `entries`, of one namespace. */
  entriesOf(namespace: string): Iterable<KvEntry> {
    return this.#table.entriesOf(namespace);
  }

  /** @throws KvConfigError (rejection) when a limit is exceeded, after `stop`, or when the disk refuses */
  async put(namespace: string, key: string, value: string): Promise<void> {
    await this.write(namespace, key, value);
  }

  /** @throws KvConfigError (rejection) after `stop` or when the disk refuses */
  async delete(namespace: string, key: string): Promise<void> {
    this.#requireRunning();
    if (this.#table.get(namespace, key) === undefined) await this.#saved();
    else await this.write(namespace, key, undefined);
  }

  async edit(
    namespace: string,
    key: string,
    change: (value: string | undefined) => string | undefined,
  ): Promise<void> {
    const value = this.#table.get(namespace, key);
    const changed = change(value);
    if (changed === value) await this.#saved();
    else await this.write(namespace, key, changed);
  }

  /**
   * Puts a value, or deletes with an undefined one, and resolves with what stands then.
   * @param condition write only if the entry has this version still (undefined version: never written)
   * @throws KvConflictError (rejection) when it has another one
   * @throws KvConfigError (rejection) as `put`
   */
  async write(
    namespace: string,
    key: string,
    value: string | undefined,
    condition?: { readonly version: KvVersion | undefined },
  ): Promise<KvEntry> {
    this.#requireRunning();
    const previous = this.#table.find(namespace, key);
    if (condition !== undefined && !isVersion(previous, condition.version)) {
      throw new KvConflictError(`key "${key}" in namespace "${namespace}" has changed`);
    }
    const entry = { namespace, key, value, version: this.#versionAfter(previous) };
    // A repeated value is told too: who writes it states it, which may mean more than the value shows.
    if (value !== undefined || previous?.value !== undefined) this.#take(entry);
    await this.#saved();
    return entry;
  }

  /**
   * Takes over what another name server has and is newer; resolves with the number of those.
   * @throws KvConfigError (rejection) as `put`; what came before the refused entry has been taken
   */
  async merge(entries: Iterable<KvEntry>): Promise<number> {
    this.#requireRunning();
    let merged = 0;
    for (const entry of entries) {
      const known = this.#table.find(entry.namespace, entry.key);
      if (!isNewer(entry, known)) continue;
      this.#take(entry);
      merged += 1;
    }
    if (merged > 0) await this.#saved();
    return merged;
  }

  watch(namespace: string, listener: KvListener): () => void {
    return this.#watchers.add(namespace, listener);
  }

  /** As `watch`, for all namespaces. */
  watchAll(listener: KvListener): () => void {
    return this.#watchers.addForAll(listener);
  }

  #take(entry: KvEntry): void {
    const { namespace, key, value } = entry;
    this.#requireRoom(namespace, key, value);
    this.#table.set(entry);
    const { maxDeletedKeys, deletedKeyMs } = this.#limits;
    this.#table.forgetDeleted(maxDeletedKeys, this.#clock.now() - deletedKeyMs);
    this.#revision += 1;
    this.#watchers.notify({ namespace, key, value });
  }

  #versionAfter(previous: VersionedValue | undefined): KvVersion {
    const timeMs = Math.max(this.#clock.now(), (previous?.version.timeMs ?? 0) + 1);
    return { timeMs, writer: this.#writer };
  }

  async #load(): Promise<VersionedTable> {
    const { path } = this.#file;
    const table = new VersionedTable();
    let contents: string;
    try {
      await this.#file.prepare();
      contents = await readFile(path, 'utf8');
    } catch (error) {
      if (isMissing(error)) return table;
      throw new KvConfigError(`cannot read the KV config file ${path}: ${messageOf(error)}`, {
        cause: error,
      });
    }
    for (const entry of parseKvConfig(contents, path)) table.set(entry);
    return table;
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

  #requireRunning(): void {
    if (!this.#running) throw new KvConfigError(`the KV config ${this.#file.path} is closed`);
  }

  #requireRoom(namespace: string, key: string, value: string | undefined): void {
    const limits = this.#limits;
    requireFitting(limits, namespace, key, value ?? '');
    if (value === undefined) return;
    const previous = this.#table.get(namespace, key);
    const { keys, bytes } = this.#table.size;
    requireAtMost(keys + (previous === undefined ? 1 : 0), limits.maxKeys, 'KV config', 'keys');
    const replaced = previous === undefined ? 0 : entryBytes(namespace, key, previous);
    const totalBytes = bytes - replaced + entryBytes(namespace, key, value);
    requireAtMost(totalBytes, limits.maxTotalBytes, 'KV config', 'bytes');
  }
}

function isVersion(entry: VersionedValue | undefined, version: KvVersion | undefined): boolean {
  if (entry === undefined || version === undefined) return entry?.version === version;
  return compareVersions(entry.version, version) === 0;
}
