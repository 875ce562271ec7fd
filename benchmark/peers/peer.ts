/** How to start one broker for one run. */
export interface Launch {
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** A broker that takes part in the comparison. */
export interface Peer {
  readonly name: string;
  /** What was set, and where messages are kept: printed with the report. */
  readonly note: string;
  /** Writes what the broker needs into `dir` and says how to start it on 127.0.0.1:`port`. */
  prepare(port: number, dir: string): Launch;
}
