/** Counters of a store server for metrics and tests; read, never written, by others. */
export interface StoreServerStats {
  /** Nodes that the store knows as living. */
  readonly nodes: number;
  /** Of them, those that are connected. */
  readonly attachedNodes: number;
  /** Claims that living nodes own. */
  readonly claims: number;
  /** Claims of dead nodes that nobody has seen to yet. */
  readonly orphans: number;
  /** Queues that nodes have open, each counted for each node. */
  readonly openQueues: number;
  readonly batches: number;
  readonly records: number;
  /** Nodes that died: silent for longer than their lease, or replaced by a new life of theirs. */
  readonly nodesFenced: number;
  /** Of them, those that were silent for longer than their lease. */
  readonly leasesExpired: number;
  /** Hellos that were refused: of a dead node, of one too many, or with what the store cannot do. */
  readonly hellosRefused: number;
  /** Calls without the token of the cluster. */
  readonly callsRefused: number;
  /** Arrivals that went to a node without records, because it was behind. */
  readonly arrivalsBehind: number;
  /** Streams that were ended for what came on them. */
  readonly protocolErrors: number;
}

/** What only ever grows. */
export class StoreServerCounters {
  batches = 0;
  records = 0;
  nodesFenced = 0;
  leasesExpired = 0;
  hellosRefused = 0;
  arrivalsBehind = 0;
  protocolErrors = 0;
}
