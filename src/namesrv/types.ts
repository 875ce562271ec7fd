/** KV config of the name server: namespace → key → value, all strings (RocketMQ request codes 100-102, 219). */

/** Namespace of the MQTT metadata. */
export const LMQ_NAMESPACE = 'LMQ';
/** Comma list of first-level topics. */
export const ALL_FIRST_TOPICS = 'ALL_FIRST_TOPICS';
/** Comma list of gateway nodes. */
export const LMQ_CONNECT_NODES = 'LMQ_CONNECT_NODES';
/**
 * Which entries of the lists in namespace `LMQ` are automatic, by the same keys. Without it, what a
 * session left behind in a crash could not be told from what an operator registered.
 */
export const LMQ_AUTOMATIC_NAMESPACE = 'LMQ_AUTOMATIC';
/** First topic level → comma list of the names of the stores that it is pinned to. */
export const LMQ_ROUTES_NAMESPACE = 'LMQ_ROUTES';
/** Namespace of what all nodes of a cluster have in common. */
export const LMQTT_NAMESPACE = 'LMQTT';
/** The table of stores as JSON (`store-table.ts`); a cluster of one store needs none. */
export const STORES_KEY = 'STORES';

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
  /**
   * Puts or deletes what `change` makes of the current value, undefined for none; a result that is the
   * current value writes nothing. Called again when another writer was faster or the answer got lost,
   * so it must be pure and leave a value alone that has the change. Resolves as `put` does.
   */
  edit(
    namespace: string,
    key: string,
    change: (value: string | undefined) => string | undefined,
  ): Promise<void>;
  /** Calls `listener` for each change of the namespace, at once, in order. Returns the unwatch. */
  watch(namespace: string, listener: (change: KvChange) => void): () => void;
}

/** A store, as it registers at the name servers. */
export interface StoreRegistration {
  /** Unique in the cluster. */
  readonly name: string;
  /** `host:port` of its gRPC service. */
  readonly address: string;
  /** Oldest and newest version of the store's protocol that it speaks. */
  readonly minProtocolVersion: number;
  readonly protocolVersion: number;
  /** First topic levels that it serves by name; none: all that no store serves by name. */
  readonly topics: readonly string[];
  /** Number of its life, higher with each start. */
  readonly epoch: number;
  /** Version of the program. */
  readonly version: string;
}

/** A gateway, as it registers at the name servers. */
export interface GatewayRegistration {
  /** Unique in the cluster. */
  readonly name: string;
  /** `host:port` of its MQTT listeners. */
  readonly addresses: readonly string[];
  /** Version of the program. */
  readonly version: string;
  /** `host:port` of its own gRPC service; empty when it has none. */
  readonly rpcAddress: string;
  /** Number of its life, higher with each start. */
  readonly epoch: number;
}

/** Where a first topic level lives. */
export interface Route {
  /** Names of its stores, sorted, also of those that are not registered now. */
  readonly names: readonly string[];
  /** Those of them that are registered, in the same order. */
  readonly stores: readonly StoreRegistration[];
  /** An operator has said so; not by what the stores serve. */
  readonly isPinned: boolean;
}

/** The registry as gateways see it: a current view in memory, a watch. */
export interface RegistryView {
  /** By name. */
  stores(): ReadonlyMap<string, StoreRegistration>;
  /** By name. */
  gateways(): ReadonlyMap<string, GatewayRegistration>;
  /** Calls `listener` when stores or gateways have changed, at once. Returns the unlisten. */
  onRegistryChanged(listener: () => void): () => void;
}
