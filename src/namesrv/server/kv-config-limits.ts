/** Bounds of the KV table, so that no peer can fill memory or disk through it. Lengths in UTF-8 bytes. */
export interface KvConfigLimits {
  readonly maxNamespaceBytes: number;
  readonly maxKeyBytes: number;
  readonly maxValueBytes: number;
  /** Keys of all namespaces together. */
  readonly maxKeys: number;
  /** Namespaces, keys and values together; also bounds the file and the cost of one write. */
  readonly maxTotalBytes: number;
}

export const DEFAULT_KV_CONFIG_LIMITS: KvConfigLimits = {
  maxNamespaceBytes: 256,
  // A key may be the first level of an MQTT topic.
  maxKeyBytes: 65_535,
  maxValueBytes: 4 * 1024 * 1024,
  maxKeys: 500_000,
  maxTotalBytes: 64 * 1024 * 1024,
};
