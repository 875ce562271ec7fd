import { KvConfigError } from './kv-config-error.ts';

/** Bounds of the KV table, so that no peer can fill memory or disk through it. Lengths in UTF-8 bytes. */
export interface KvConfigLimits {
  readonly maxNamespaceBytes: number;
  readonly maxKeyBytes: number;
  readonly maxValueBytes: number;
  /** Keys of all namespaces together. */
  readonly maxKeys: number;
  /** Namespaces, keys and values together; also bounds the file and the cost of one write. */
  readonly maxTotalBytes: number;
  /** Deleted keys that are remembered. */
  readonly maxDeletedKeys: number;
  /** How long a deletion is remembered: a name server that was down for longer may bring the key back. */
  readonly deletedKeyMs: number;
}

export const DEFAULT_KV_CONFIG_LIMITS: KvConfigLimits = {
  maxNamespaceBytes: 256,
  // A key may be the first level of an MQTT topic.
  maxKeyBytes: 65_535,
  maxValueBytes: 4 * 1024 * 1024,
  maxKeys: 500_000,
  maxTotalBytes: 64 * 1024 * 1024,
  maxDeletedKeys: 50_000,
  deletedKeyMs: 7 * 24 * 3_600_000,
};

/** @throws KvConfigError naming the limit when one of the names or the value is too long */
export function requireFitting(
  limits: KvConfigLimits,
  namespace: string,
  key: string,
  value: string,
): void {
  requireAtMost(Buffer.byteLength(namespace), limits.maxNamespaceBytes, 'namespace', 'bytes');
  requireAtMost(Buffer.byteLength(key), limits.maxKeyBytes, 'key', 'bytes');
  requireAtMost(Buffer.byteLength(value), limits.maxValueBytes, 'value', 'bytes');
}

/** @throws KvConfigError naming the limit when `actual` is over it */
export function requireAtMost(actual: number, limit: number, what: string, unit: string): void {
  if (actual > limit) {
    throw new KvConfigError(
      `${what} too large: ${String(actual)} ${unit}, the limit is ${String(limit)}`,
    );
  }
}
