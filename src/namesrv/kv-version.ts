/**
 * Versions of KV entries. Several name servers hold the same table without agreeing on writes first; what
 * makes their tables equal is that everybody keeps the newer one of two versions (docs/adr/0441).
 */

/** When and where an entry was written. */
export interface KvVersion {
  /** Milliseconds since the epoch, and more than that of the version before. */
  readonly timeMs: number;
  /** The life of the name server that took the write. */
  readonly writer: string;
}

/** Of an entry that a file without versions holds: older than every other. */
export const OLDEST_VERSION: KvVersion = { timeMs: 0, writer: '' };

export interface KvEntry {
  readonly namespace: string;
  readonly key: string;
  /** Undefined: deleted. */
  readonly value: string | undefined;
  readonly version: KvVersion;
}

/** One text for namespace and key, for maps. */
export function kvId(namespace: string, key: string): string {
  return JSON.stringify([namespace, key]);
}

/** Below 0 when `a` is the older one. */
export function compareVersions(a: KvVersion, b: KvVersion): number {
  return a.timeMs - b.timeMs || compareTexts(a.writer, b.writer);
}

/**
 * Whether `entry` replaces `known`, an entry of the same key. Total: of two that differ, one replaces
 * the other, whatever clocks did; so all tables end up the same, in whatever order entries come.
 */
export function isNewer(
  entry: Pick<KvEntry, 'value' | 'version'>,
  known: Pick<KvEntry, 'value' | 'version'> | undefined,
): boolean {
  if (known === undefined) return true;
  const order = compareVersions(entry.version, known.version);
  if (order !== 0) return order > 0;
  if (entry.value === undefined || known.value === undefined) {
    return known.value === undefined && entry.value !== undefined;
  }
  return compareTexts(entry.value, known.value) > 0;
}

function compareTexts(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
