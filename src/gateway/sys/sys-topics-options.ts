/** How `$SYS` topics are published. */
export interface SysTopicsOptions {
  /** Time between two looks at the values, seconds; at least 1. */
  readonly intervalSeconds: number;
  /** Of lmqtt, for `$SYS/broker/version`. */
  readonly version: string;
}
