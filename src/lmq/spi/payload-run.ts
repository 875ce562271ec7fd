/**
 * Payloads of messages that follow each other and are alike in all else: topic, publisher, flags, properties. Number `i`
 * is `source[starts[i], ends[i])`. Whoever is handed one copies what it keeps.
 */
export interface PayloadRun {
  readonly source: Buffer;
  /** Of all of `source`. */
  readonly view: DataView;
  readonly count: number;
  readonly starts: Int32Array;
  readonly ends: Int32Array;
}
