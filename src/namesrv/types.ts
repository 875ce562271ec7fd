/** KV config of the name server: namespace → key → value, all strings (RocketMQ request codes 100-102, 219). */

/** Namespace of the MQTT metadata. */
export const LMQ_NAMESPACE = 'LMQ';
/** Comma list of first-level topics. */
export const ALL_FIRST_TOPICS = 'ALL_FIRST_TOPICS';
/** Comma list of gateway nodes. */
export const LMQ_CONNECT_NODES = 'LMQ_CONNECT_NODES';

export interface KvChange {
  readonly namespace: string;
  readonly key: string;
  /** Undefined when the key was deleted. */
  readonly value: string | undefined;
}

/** The KV table as a gateway sees it: a current view in memory, durable writes, a watch. */
export interface KvConfig {
  get(namespace: string, key: string): string | undefined;
  list(namespace: string): ReadonlyMap<string, string>;
  /** Resolves when the value is on disk; watchers have been called by then. */
  put(namespace: string, key: string, value: string): Promise<void>;
  /** Resolves when the key is gone from disk; a missing key is no error. */
  delete(namespace: string, key: string): Promise<void>;
  /** Calls `listener` for each change of the namespace, at once, in order. Returns the unwatch. */
  watch(namespace: string, listener: (change: KvChange) => void): () => void;
}
