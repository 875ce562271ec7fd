/** Figures of a name server for metrics; read, never written, by others. */
export interface NamesrvStats {
  /** Stores that have registered. */
  readonly stores: number;
  readonly gateways: number;
  /** Keys of all namespaces of the KV config. */
  readonly kvEntries: number;
  /** Gateways and stores that watch it. */
  readonly watches: number;
  /** Open connections of the Remoting port. */
  readonly connections: number;
  /** Calls without the token of the cluster. */
  readonly callsRefused: number;
}
